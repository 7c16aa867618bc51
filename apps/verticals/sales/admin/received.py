"""Calls that came in, and who of the floor had them."""

from typing import ClassVar

from django.contrib import admin
from unfold.decorators import display

from apps.business.contacts import readable_phone
from apps.tenants.access import RECORD, Rights
from apps.verticals.sales.admin.own import OwnRows
from apps.verticals.sales.models import ReceivedCall


@admin.register(ReceivedCall)
class ReceivedCallAdmin(OwnRows):
    """With a staff login, those of one's own leads."""

    icon = "phone_callback"
    own = "lead__rep__user"
    rights: ClassVar[Rights] = RECORD
    list_display = ("began_at", "caller", "agent", "kind", "state_label", "outcome", "length")
    list_filter = ("state", "kind", "disposition", "began_at")
    list_select_related = ("lead__contact", "agent")
    search_fields = ("lead__contact__given_key", "lead__contact__family_key", "phone")
    fields = (
        ("lead", "phone"),
        ("agent", "kind"),
        ("state", "disposition"),
        "note",
        ("began_at", "ended_at", "seconds"),
    )
    ordering = ("-began_at",)

    @display(description="Caller", ordering="lead__contact__family_key")
    def caller(self, call: ReceivedCall) -> str:
        if call.lead is not None:
            return call.lead.contact.name
        return readable_phone(call.phone, "") or "From the browser"

    @display(description="State", ordering="state", label={"Talking": "success"})
    def state_label(self, call: ReceivedCall) -> str:
        return call.get_state_display()

    @display(description="Outcome", ordering="disposition")
    def outcome(self, call: ReceivedCall) -> str:
        return call.get_disposition_display() or "–"

    @display(description="Length", ordering="seconds")
    def length(self, call: ReceivedCall) -> str:
        return f"{call.seconds // 60}:{call.seconds % 60:02}" if call.seconds else "–"
