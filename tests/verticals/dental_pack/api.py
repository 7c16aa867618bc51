"""/api/recalls: who wants to be reminded, for a business of this industry."""

from typing import Any

from rest_framework import serializers

from apps.tenants.key_scopes import Scoped
from apps.tenants.rest.resources import Listed, Resource, Shown

from .models import Recall

SCOPED = (Scoped("recalls", "Recalls", "See who wants to be reminded.", vertical="dental"),)


class RecallShown(serializers.ModelSerializer):
    class Meta:
        model = Recall
        fields = ("id", "contact", "months", "wish")


class RecallResource(Listed, Shown, Resource):
    resource = "recalls"
    vertical = "dental"
    serializer_class = RecallShown

    def rows(self) -> Any:
        return Recall.objects.all()


RESOURCES = (RecallResource,)
