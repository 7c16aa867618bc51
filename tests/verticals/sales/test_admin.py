"""The team's pages in the admin: managers work with them, reps see their own, another business's rows do not exist."""

import datetime as dt

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.tenants.models import AuditEntry, Role, User
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import dialer, permission
from apps.verticals.sales.models import (
    Callback,
    Campaign,
    CampaignLead,
    Consent,
    DialedCall,
    DialingRules,
    DoNotCall,
    Lead,
    LeadImport,
    Product,
    SalesRep,
    TeamAgent,
)
from tests.conftest import make_member
from tests.verticals.sales.conftest import DENVER, Summit, make_lead

PAGES = (
    *("lead", "leadimport", "meeting", "campaign", "campaignlead", "dialedcall", "callback", "dialingrules"),
    *("consent", "donotcall", "salesrep", "teamagent", "product"),
)
ADDED = ("lead", "leadimport", "campaign", "consent", "donotcall", "salesrep", "teamagent", "product")
AT_TEN = dt.datetime(2026, 11, 24, 10)


@pytest.fixture
def owner(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture(autouse=True)
def clock(summit: Summit, monkeypatch: pytest.MonkeyPatch) -> None:
    for page in ("campaigns", "leads", "permission", "team"):
        monkeypatch.setattr(f"apps.verticals.sales.admin.{page}.timezone.now", lambda: summit.now)


def page(name: str, *arguments: str) -> str:
    return reverse(f"admin:sales_{name}", args=arguments)


def messages_of(response) -> list[str]:
    return [str(one) for one in get_messages(response.wsgi_request)]


def rows(summit: Summit) -> dict[str, str]:
    """A row for every page."""
    (entry,) = summit.enroll(summit.nora, running=False)
    (oscar,) = summit.hire("Oscar")
    return {
        "lead": summit.nora.pk,
        "leadimport": LeadImport.objects.create(
            name="fair.csv",
            source="Fair",
            lines=2,
            created=1,
            problems=[{"line": 3, "column": "phone", "text": "There is no phone number.", "is_fatal": True}],
        ).pk,
        "meeting": summit.meet(summit.nora, summit.dana, AT_TEN).pk,
        "campaign": summit.campaign.pk,
        "campaignlead": entry.pk,
        "dialedcall": summit.dialed(summit.nora, state="ended", ending="answered", seconds=65, agent=oscar).pk,
        "callback": Callback.objects.create(lead=summit.nora, at=summit.now, next_at=summit.now).pk,
        "dialingrules": summit.rules.pk,
        "consent": Consent.objects.filter(phone=DENVER).get().pk,
        "donotcall": DoNotCall.objects.create(phone="+13035550177", added_by="x").pk,
        "salesrep": summit.dana.pk,
        "teamagent": oscar.pk,
        "product": Product.objects.get(name="Summit Crew").pk,
    }


def test_the_lists_show_what_the_team_works_with(summit: Summit, owner: Client) -> None:
    rows(summit)
    Lead.objects.filter(pk=summit.nora.pk).update(score=80)
    for name, words in {
        "lead": ["Nora Whitfield", "Whitfield Plumbing", DENVER, "Hot"],
        "leadimport": ["fair.csv", "Fair"],
        "meeting": ["Nora Whitfield", "Dana Cole", "Scheduled"],
        "campaign": ["Webinar", "Draft"],
        "campaignlead": ["Nora Whitfield", "Webinar", "Waiting"],
        "dialedcall": ["Nora Whitfield", "Oscar", "Answered", "1:05"],
        "callback": ["Nora Whitfield", "Promised"],
        "dialingrules": ["Dialing rules", "5"],
        "consent": [DENVER, "Form on our site", "Valid"],
        "donotcall": ["+13035550177"],
        "salesrep": ["Dana Cole"],
        "teamagent": ["Oscar", "outbound", "Free"],
        "product": ["Summit Crew", "$39"],
    }.items():
        response = owner.get(page(f"{name}_changelist"))
        assert response.status_code == 200, name
        for word in words:
            assert word in response.content.decode(), (name, word)


def test_every_form_opens(summit: Summit, owner: Client) -> None:
    for name, pk in rows(summit).items():
        assert owner.get(page(f"{name}_change", pk)).status_code == 200, name
        assert owner.get(page(f"{name}_add")).status_code == (200 if name in ADDED else 403), name


def test_a_lead_shows_whether_it_may_be_called(summit: Summit, owner: Client) -> None:
    assert "Yes, now." in owner.get(page("lead_change", summit.nora.pk)).content.decode()
    permission.forbid(phone=DENVER, source="asked", now=summit.now, actor="x")
    shown = owner.get(page("lead_change", summit.nora.pk)).content.decode()
    assert "No: The number is on the do-not-call list." in shown
    assert "10:00 AM (America/Denver)" in shown


def test_leads_are_found_and_filtered(summit: Summit, owner: Client) -> None:
    Lead.objects.filter(pk=summit.nora.pk).update(score=80)
    Lead.objects.filter(pk=summit.ben.pk).update(score=40)
    for term in ("nora", "WHITFIELD plumbing", "(303) 555-0101"):
        found = owner.get(page("lead_changelist"), {"q": term}).content.decode()
        assert "Nora Whitfield" in found
        assert "Ben Okafor" not in found
    for temperature, name in (("hot", "Nora"), ("warm", "Ben"), ("cold", "Carla")):
        shown = owner.get(page("lead_changelist"), {"temperature": temperature}).content.decode()
        assert [one for one in ("Nora", "Ben", "Carla") if f"{one} " in shown] == [name]


def test_a_file_is_imported_and_each_bad_line_shown(summit: Summit, owner: Client) -> None:
    data = b"First name,Phone\nRuth,(303) 555-0181\nHugo,12\n,\n,303 555 0182\n"
    file = SimpleUploadedFile("fair.csv", data, content_type="text/csv")
    response = owner.post(page("leadimport_add"), {"file": file, "source": "Fair"})
    taken = LeadImport.objects.get()
    assert (response.status_code, response["Location"]) == (302, page("leadimport_change", taken.pk))
    assert messages_of(response) == ["1 new leads of 3 lines."]
    report = owner.get(response["Location"]).content.decode()
    assert "That is not a complete phone number." in report
    assert "There is no name." in report
    assert Lead.objects.get(phone="+13035550181").came_with == taken
    assert AuditEntry.objects.filter(action="leads.imported", target=taken.pk).exists()
    assert owner.post(page("leadimport_add"), {"source": "Fair"}).status_code == 200  # no file


def test_leads_are_put_into_a_draft(summit: Summit, owner: Client) -> None:
    form = {"action": "enroll", "_selected_action": [summit.nora.pk, summit.ben.pk]}
    response = owner.post(page("lead_changelist"), form)
    assert messages_of(response) == ["2 leads are new in “Webinar”."]
    assert CampaignLead.objects.count() == 2
    Campaign.objects.update(status="running")
    assert "no draft" in messages_of(owner.post(page("lead_changelist"), form))[-1]


def test_the_preflight_names_each_skipped_lead_and_starts(summit: Summit, owner: Client) -> None:
    shy = make_lead("Shy", "Guy", "+13035550111")
    summit.enroll(summit.nora, shy, running=False)
    address = page("campaign_preflight", summit.campaign.pk)
    shown = owner.get(address).content.decode()
    assert "Shy Guy" in shown
    assert "No consent to be called is on file." in shown
    assert "Start calling 1 lead<" in shown
    assert messages_of(owner.post(address, {"do": "start"})) == ["Started: 1 to call, 1 skipped."]
    assert len(dialer.claim(now=summit.now)) == 1
    assert "is paused" not in owner.get(address).content.decode()
    assert messages_of(owner.post(address, {"do": "pause"}))[-1].startswith("Paused.")
    refused = owner.post(address, {"do": "pause"})
    assert messages_of(refused)[-1] == "This campaign is not running."


def test_campaigns_are_paused_from_the_list(summit: Summit, owner: Client) -> None:
    summit.enroll(summit.nora)
    form = {"action": "pause", "_selected_action": [summit.campaign.pk]}
    assert messages_of(owner.post(page("campaign_changelist"), form)) == ["Webinar is paused."]
    assert "not running" in messages_of(owner.post(page("campaign_changelist"), form))[-1]


def test_hours_outside_of_the_lawful_ones_are_refused(summit: Summit, owner: Client) -> None:
    form = {
        **{"name": "Night", "purpose": "p", "agent": "outbound", "max_attempts": 3, "voicemail": ""},
        **{"retry_busy_minutes": 30, "retry_no_answer_minutes": 60, "retry_machine_minutes": 60},
        **{"start_date": "", "end_date": "", "needs_written_consent": "on"},
    }
    night = owner.post(page("campaign_add"), form | {"opens": "07:00", "closes": "18:00"})
    assert "nobody is called before 8 AM" in night.content.decode()
    reversed_ = owner.post(page("campaign_add"), form | {"opens": "18:00", "closes": "09:00"})
    assert "later than the beginning" in reversed_.content.decode()
    dates = {"opens": "09:00", "closes": "18:00", "start_date": "2026-12-02", "end_date": "2026-12-01"}
    assert "before the first day" in owner.post(page("campaign_add"), form | dates).content.decode()
    day = {"opens": "09:00", "closes": "18:00"}
    assert "by outbound or lead" in owner.post(page("campaign_add"), form | day | {"agent": "x"}).content.decode()
    assert owner.post(page("campaign_add"), form | day).status_code == 302
    assert Campaign.objects.filter(name="Night").exists()


def test_a_campaign_that_has_called_stays(summit: Summit, owner: Client) -> None:
    summit.dialed(summit.nora, state="ended")
    assert owner.post(page("campaign_delete", summit.campaign.pk), {"post": "yes"}).status_code == 403
    other = Campaign.objects.create(name="Other", purpose="p")
    assert owner.post(page("campaign_delete", other.pk), {"post": "yes"}).status_code == 302


def test_consents_are_added_and_withdrawn_but_not_edited(summit: Summit, owner: Client) -> None:
    form = {
        **{"phone": "303 555 0177", "kind": "written", "source": "Letter", "wording": ""},
        **{"obtained_at_0": "2026-11-01", "obtained_at_1": "10:00", "expires_at_0": "", "expires_at_1": ""},
    }
    assert owner.post(page("consent_add"), form).status_code == 302
    consent = Consent.objects.get(source="Letter")
    assert consent.phone == "+13035550177"
    assert consent.recorded_by.startswith("user:")
    for wrong, words in (
        ({"phone": "12"}, "not a complete phone number"),
        ({"obtained_at_0": "2027-01-01"}, "in the future"),
        ({"expires_at_0": "2026-10-01", "expires_at_1": "10:00"}, "later than the day"),
        ({"source": ""}, "This field is required"),
    ):
        assert words in owner.post(page("consent_add"), form | wrong).content.decode(), words
    assert owner.post(page("consent_change", consent.pk), form).status_code == 403
    assert owner.post(page("consent_delete", consent.pk), {"post": "yes"}).status_code == 403
    owner.post(page("consent_changelist"), {"action": "withdraw", "_selected_action": [consent.pk]})
    consent.refresh_from_db()
    assert consent.withdrawn_at == summit.now


def test_a_number_put_on_the_list_is_skipped_at_once(summit: Summit, owner: Client, client: Client) -> None:
    summit.enroll(summit.nora)
    form = {"phone": "(303) 555-0101", "source": "team", "reason": "Letter"}
    assert owner.post(page("donotcall_add"), form).status_code == 302
    assert CampaignLead.objects.get().reason == "do_not_call"
    assert "12" in owner.post(page("donotcall_add"), form | {"phone": "12"}).content.decode()
    listed = DoNotCall.objects.get()
    client.force_login(make_member("max@riverside.example", summit.tenant, Role.MANAGER))
    assert client.post(page("donotcall_delete", listed.pk), {"post": "yes"}).status_code == 403


def test_all_calls_are_stopped(summit: Summit, owner: Client) -> None:
    summit.enroll(summit.nora)
    form = {"lines": 5, "max_per_day": 2, "abandon_percent": 3, "is_stopped": "on"}
    assert owner.post(page("dialingrules_change", summit.rules.pk), form).status_code == 302
    assert dialer.claim(now=summit.now) == []
    assert AuditEntry.objects.filter(action="dialing.stopped").exists()
    assert owner.post(page("dialingrules_delete", summit.rules.pk), {"post": "yes"}).status_code == 403
    too_much = owner.post(page("dialingrules_change", summit.rules.pk), form | {"lines": 51, "abandon_percent": 4})
    assert too_much.status_code == 200
    DialingRules.objects.all().delete()
    assert owner.get(page("dialingrules_add")).status_code == 200


def test_agents_of_the_floor_are_paused(summit: Summit, owner: Client) -> None:
    oscar, olive = summit.hire("Oscar", "Olive")
    summit.dialed(summit.nora, state="talking", agent=olive)
    form = {"_selected_action": [oscar.pk]}
    owner.post(page("teamagent_changelist"), form | {"action": "pause"})
    shown = owner.get(page("teamagent_changelist")).content.decode()
    assert "Paused" in shown
    assert "On a call" in shown
    assert TeamAgent.objects.get(pk=oscar.pk).is_paused
    owner.post(page("teamagent_changelist"), form | {"action": "resume"})
    assert not TeamAgent.objects.get(pk=oscar.pk).is_paused


def test_a_rep_with_meetings_stays(summit: Summit, owner: Client) -> None:
    summit.meet(summit.nora, summit.dana, AT_TEN)
    assert owner.post(page("salesrep_delete", summit.dana.pk), {"post": "yes"}).status_code == 403
    assert owner.post(page("salesrep_delete", summit.miguel.pk), {"post": "yes"}).status_code == 302


def test_a_rep_sees_their_own_leads_and_calls(summit: Summit, client: Client, bob: User) -> None:
    user = make_member("dana@riverside.example", summit.tenant, Role.STAFF)
    SalesRep.objects.filter(pk=summit.dana.pk).update(user=user)
    Lead.objects.filter(pk=summit.nora.pk).update(rep=summit.dana)
    mine = summit.dialed(summit.nora, state="ended")
    other = summit.dialed(summit.ben, state="ended")
    client.force_login(user)
    shown = client.get(page("lead_changelist")).content.decode()
    assert "Nora Whitfield" in shown
    assert "Ben Okafor" not in shown
    assert client.get(page("lead_change", summit.ben.pk)).status_code == 404
    assert client.get(page("dialedcall_change", mine.pk)).status_code == 200
    assert client.get(page("dialedcall_change", other.pk)).status_code == 404
    assert client.post(page("campaign_preflight", summit.campaign.pk), {"do": "start"}).status_code == 403
    for name in ("leadimport_add", "campaign_add", "teamagent_add"):
        assert client.get(page(name)).status_code == 403, name
    # A login of another business is not offered.
    client.force_login(make_member("max@riverside.example", summit.tenant, Role.MANAGER))
    form = client.get(page("salesrep_change", summit.dana.pk)).content.decode()
    assert str(user) in form
    assert bob.email not in form


def test_another_businesss_rows_do_not_exist(summit: Summit, harbor: Summit, owner: Client) -> None:
    with tenant_scope(harbor.tenant.pk):
        theirs = rows(harbor)
    for name, pk in theirs.items():
        for view in ("change", "delete", "history"):
            assert owner.get(page(f"{name}_{view}", pk)).status_code == 404, (name, view)
        assert pk not in owner.get(page(f"{name}_changelist")).content.decode()
    assert owner.get(page("campaign_preflight", theirs["campaign"])).status_code == 404
    assert owner.post(page("campaign_preflight", theirs["campaign"]), {"do": "start"}).status_code == 404
    assert DialedCall.objects.count() == 0


def test_a_stranger_gets_nothing(summit: Summit, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    for name in PAGES:
        assert client.get(page(f"{name}_changelist")).status_code in (403, 404)
    assert client.get(page("campaign_preflight", summit.campaign.pk)).status_code in (403, 404)
