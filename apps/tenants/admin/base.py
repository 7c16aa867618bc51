"""The base of every admin page that shows a tenant's rows."""

from typing import Any, ClassVar

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin, TabularInline

from apps.common.errors import AppError
from apps.common.ids import is_id
from apps.tenants import audit
from apps.tenants.access import DAILY_WORK, Rights, may
from apps.tenants.admin.forms import TenantForm
from apps.tenants.admin.trail import described
from apps.tenants.models import AuditEntry
from apps.tenants.scope import EVERY_TENANT, current_scope

_HISTORY_PAGE = 50


def actor_of(request: HttpRequest) -> str:
    """The person as the audit trail names them."""
    return f"user:{request.user.pk}"


class _Rights:
    rights: ClassVar[Rights] = DAILY_WORK

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, "view", self.rights)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, "add", self.rights)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, "change", self.rights)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, "delete", self.rights)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, "view", self.rights)


class TenantInline(_Rights, TabularInline):
    """Rows of the same tenant inside a parent's page."""

    form = TenantForm
    extra = 0
    hide_title = True
    show_change_link = False


class TenantAdmin(_Rights, ModelAdmin):
    """Scoped by the managers, permitted by role (`rights`), and each change in the tenant's audit trail.

    A refusal (AppError) that `save_model` raises is shown on the form, and nothing is written. What does not exist
    and what is another tenant's is 404 alike; so is every page for those who belong to no tenant.
    """

    form = TenantForm
    icon: ClassVar[str] = "folder"
    """Material symbol in the sidebar."""
    list_per_page = 50
    compressed_fields = False
    warn_unsaved_form = True

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        hide_from_strangers(request)
        # The admin's links quote the underscore of an id; a view that takes its address as it is comes here with that.
        key = object_id if is_id(object_id) else unquote(object_id)
        obj = super().get_object(request, key, from_field) if is_id(key) else None
        if obj is None:
            raise Http404
        return obj

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        hide_from_strangers(request)
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        hide_from_strangers(request)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except AppError as refusal:
            if request.method != "POST":
                raise
            # What was written is rolled back; the form is built once more and says why.
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else type(form.__name__, (form,), {"refusal": refusal})

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return (*columns, "tenant") if current_scope() == EVERY_TENANT else columns

    def get_list_select_related(self, request: HttpRequest) -> Any:
        related = super().get_list_select_related(request)
        return (*(related or ()), "tenant") if current_scope() == EVERY_TENANT else related

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Django checks the list's search box for NUL, which PostgreSQL takes in no text, but no autocomplete.
        results: tuple[QuerySet[Any], bool] = super().get_search_results(
            request, queryset, search_term.replace("\0", "")
        )
        return results

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponseBase:
        """From the tenant's audit trail, which also knows what agents did; Django's own log is not kept."""
        obj = self.get_object(request, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        paginator = Paginator(AuditEntry.objects.filter(target=obj.pk), _HISTORY_PAGE)
        page = paginator.get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {obj}",
            "object": obj,
            "opts": self.opts,
            "entries": described(list(page)),
            "page": page,
        }
        return TemplateResponse(request, "admin/tenants/history.html", context)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        self._record(request, obj, "added", [])

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        fields = [name for change in message for name in change.get("changed", {}).get("fields", [])]
        self._record(request, obj, "changed", fields)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self._record(request, obj, "deleted", [])

    def _record(self, request: HttpRequest, obj: Model, verb: str, fields: list[str]) -> None:
        details = {"fields": fields} if fields else {}
        audit.record(
            actor=actor_of(request),
            action=f"{obj._meta.model_name}.{verb}",
            target=str(obj.pk),
            details=details,
        )

    def save_form(self, request: HttpRequest, form: "ModelForm[Any]", change: bool) -> Any:
        obj = super().save_form(request, form, change)
        obj.check_tenant()
        return obj


def hide_from_strangers(request: HttpRequest) -> None:
    """Raises Http404 for a login without a business, so that no page tells what exists."""
    if getattr(request, "membership", None) is None and not getattr(request.user, "is_superuser", False):
        raise Http404
