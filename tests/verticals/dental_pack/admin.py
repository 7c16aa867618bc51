"""The recall list, for the practice."""

from django.contrib import admin

from apps.tenants.admin import TenantAdmin

from .models import Recall


@admin.register(Recall)
class RecallAdmin(TenantAdmin):
    list_display = ("contact", "months", "wish")
    search_fields = ("contact__given_key", "contact__family_key")
