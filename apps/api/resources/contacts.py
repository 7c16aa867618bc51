"""/api/contacts: who the business deals with."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.business import contacts
from apps.business.models import Contact
from apps.tenants.rest.fields import Filters, Instant, Strict
from apps.tenants.rest.resources import Listed, Resource, Shown


class ContactShown(serializers.ModelSerializer):
    class Meta:
        model = Contact
        fields = ("id", "given_name", "family_name", "phone", "email", "notes", "created_at", "updated_at")


class ContactBody(Strict):
    """A phone number is read as people write it, in the country of the business, and kept as E.164."""

    given_name = serializers.CharField(max_length=80)
    family_name = serializers.CharField(max_length=80, allow_blank=True, required=False)
    phone = serializers.CharField(max_length=40, allow_blank=True, required=False)
    email = serializers.EmailField(max_length=254, allow_blank=True, required=False)
    notes = serializers.CharField(max_length=contacts.MAX_NOTES, allow_blank=True, required=False)


class ContactFilters(Filters):
    lookups: ClassVar = {"updated_after": "updated_at__gt", "created_after": "created_at__gt"}
    phone = serializers.CharField(required=False, max_length=20, help_text="E.164, such as +12125550100.")
    email = serializers.CharField(required=False, max_length=254)
    created_after = Instant(required=False)
    updated_after = Instant(required=False)


class ContactResource(Listed, Shown, Resource):
    resource = "contacts"
    serializer_class = ContactShown
    filters = ContactFilters
    events: ClassVar = {
        "contact.created": "contact.created",
        "contact.added": "contact.created",
        "contact.changed": "contact.updated",
        "contact.deleted": "contact.deleted",
    }

    def rows(self) -> Any:
        return Contact.objects.all()

    @extend_schema(request=ContactBody, responses={201: ContactShown})
    def create(self, request: Request) -> Response:
        """Take down a new contact.

        Whether the business knows them already is for you to find out first: families share phones.
        """
        contact = contacts.create_contact(**self.read(ContactBody), actor=self.caller.actor)
        return self.told_of(contact, status=201)

    @extend_schema(request=ContactBody, responses=ContactShown)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a contact; what is not named stays as it is."""
        contact, changes = self.row(locked=True), self.read(ContactBody, partial=True)
        contacts.change_contact(contact=contact, changes=changes, actor=self.caller.actor)
        return self.told_of(contact)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a contact of whom nothing stays on record, such as a booking."""
        contacts.delete_contact(contact=self.row(locked=True), actor=self.caller.actor)
        return Response(status=204)
