"""/api/leads and /api/campaigns, for a business of this industry."""

from typing import Any, ClassVar

from django.db.models import Count, Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.business.models import Contact
from apps.tenants.access import SET_UP
from apps.tenants.key_scopes import Scoped
from apps.tenants.rest.fields import ClockTime, Filters, Instant, RowField, Strict
from apps.tenants.rest.resources import Listed, Resource, Shown
from apps.verticals.sales import campaigns, leads
from apps.verticals.sales.models import Campaign, CampaignLead, Lead, SalesRep

SCOPED = (
    Scoped("leads", "Leads", "See leads.", "Add leads and give them to sales reps.", vertical="sales"),
    Scoped("campaigns", "Campaigns", "See campaigns.", "Start and pause campaigns.", vertical="sales"),
)


class LeadShown(serializers.ModelSerializer):
    """`temperature` is hot, warm or cold, by the score; `rep` the sales rep."""

    name = serializers.CharField(source="contact.name", read_only=True)
    email = serializers.CharField(source="contact.email", read_only=True)
    temperature = serializers.CharField(read_only=True)

    class Meta:
        model = Lead
        fields = (
            "id", "contact", "name", "phone", "email", "company", "job_title", "source", "status", "score",
            "temperature", "rep", "interest", "notes", "created_at", "last_call_at",
        )  # fmt: skip


class LeadBody(Strict):
    first_name = serializers.CharField(max_length=80)
    last_name = serializers.CharField(max_length=80, allow_blank=True, default="")
    phone = serializers.CharField(max_length=40)
    source = serializers.CharField(max_length=120, help_text="Where the lead comes from; told to whoever asks.")
    email = serializers.EmailField(max_length=254, allow_blank=True, required=False)
    company = serializers.CharField(max_length=120, allow_blank=True, required=False)
    job_title = serializers.CharField(max_length=120, allow_blank=True, required=False)


class AssignBody(Strict):
    rep = RowField(SalesRep, allow_null=True, help_text="Null = nobody.")


class LeadFilters(Filters):
    lookups: ClassVar = {"created_after": "created_at__gt", "score_from": "score__gte"}
    status = serializers.ChoiceField(Lead.Status.choices, required=False)
    phone = serializers.CharField(required=False, max_length=20, help_text="E.164, such as +12125550100.")
    contact = RowField(Contact, required=False)
    score_from = serializers.IntegerField(required=False, min_value=0, max_value=100)
    created_after = Instant(required=False)


class LeadResource(Listed, Shown, Resource):
    resource = "leads"
    vertical = "sales"
    rights = SET_UP
    serializer_class = LeadShown
    filters = LeadFilters
    events: ClassVar = {
        "lead.created": "lead.created",
        "lead.qualified": "lead.qualified",
        "lead.assigned": "lead.assigned",
    }

    def rows(self) -> Any:
        found = Lead.objects.select_related("contact")
        caller = getattr(self, "caller", None)
        if caller is not None and caller.sees_own_rows_only:
            found = found.filter(rep__user=caller.user_id)
        return found

    @extend_schema(request=LeadBody, responses={201: LeadShown})
    def create(self, request: Request) -> Response:
        """Take down a lead. Whether they may be called is another matter: that needs their consent on record."""
        lead = leads.register(**self.read(LeadBody), now=timezone.now(), actor=self.caller.actor)
        return self.told_of(lead, status=201)

    @extend_schema(request=AssignBody, responses=LeadShown)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """Give a lead to a sales rep, or to nobody."""
        lead = leads.assign(
            lead=self.row(locked=True), **self.read(AssignBody), now=timezone.now(), actor=self.caller.actor
        )
        return self.told_of(lead)


class CampaignShown(serializers.ModelSerializer):
    """`leads` by what became of them."""

    leads = serializers.SerializerMethodField()
    opens = ClockTime(read_only=True, help_text="On the clock of whoever is called.")
    closes = ClockTime(read_only=True, help_text="On the clock of whoever is called.")

    class Meta:
        model = Campaign
        fields = (
            "id", "name", "purpose", "agent", "status", "start_date", "end_date", "opens", "closes", "max_attempts",
            "leads", "started_at", "created_at",
        )  # fmt: skip

    def get_leads(self, campaign: Any) -> dict[str, int]:
        return {state.value: getattr(campaign, f"in_{state.value}") for state in CampaignLead.State}


class CampaignFilters(Filters):
    status = serializers.ChoiceField(Campaign.Status.choices, required=False)


class CampaignResource(Listed, Shown, Resource):
    resource = "campaigns"
    vertical = "sales"
    rights = SET_UP
    serializer_class = CampaignShown
    filters = CampaignFilters
    events: ClassVar = {
        f"campaign.{what}": f"campaign.{event}"
        for what, event in (
            ("started", "started"),
            ("paused", "paused"),
            ("halted", "paused"),
            ("finished", "finished"),
        )
    }

    def rows(self) -> Any:
        counts = {f"in_{state.value}": Count("entries", filter=Q(entries__state=state)) for state in CampaignLead.State}
        return Campaign.objects.annotate(**counts)

    @extend_schema(request=None, responses=CampaignShown)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Let the dialer call the campaign's leads; who must not be called is set aside."""
        campaigns.start(campaign=self.row(), now=timezone.now(), actor=self.caller.actor)
        return self.told_of(self.row())

    @extend_schema(request=None, responses=CampaignShown)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Begin no more calls of a campaign; those under way go on."""
        campaigns.pause(campaign=self.row(), now=timezone.now(), actor=self.caller.actor)
        return self.told_of(self.row())


RESOURCES = (LeadResource, CampaignResource)
