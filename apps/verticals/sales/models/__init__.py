"""What is special about selling: leads, whether they may be called, campaigns, calls, callbacks and the team."""

from apps.verticals.sales.models.campaigns import Campaign, CampaignLead, DialingRules
from apps.verticals.sales.models.dialing import Callback, DialedCall
from apps.verticals.sales.models.leads import Lead, LeadImport, Meeting, Product, Qualification
from apps.verticals.sales.models.permission import Consent, DoNotCall
from apps.verticals.sales.models.receiving import ReceivedCall
from apps.verticals.sales.models.team import SalesRep, TeamAgent

__all__ = [
    "Callback",
    "Campaign",
    "CampaignLead",
    "Consent",
    "DialedCall",
    "DialingRules",
    "DoNotCall",
    "Lead",
    "LeadImport",
    "Meeting",
    "Product",
    "Qualification",
    "ReceivedCall",
    "SalesRep",
    "TeamAgent",
]
