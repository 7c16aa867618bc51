"""Files of leads, consents and the list, and what the live floor is told."""

import datetime as dt
import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.business.models import Contact
from apps.live import log
from apps.tenants.models import AuditEntry
from apps.verticals.sales import imports, leads, numbers, permission, team
from apps.verticals.sales.imports import FileTooLarge, SourceNeeded
from apps.verticals.sales.leads import LeadKnown
from apps.verticals.sales.models import Campaign, Consent, DoNotCall, Lead, LeadImport
from apps.verticals.sales.permission import InvalidConsent
from tests.verticals.sales.conftest import DENVER, Summit

HEADER = "First name,Last name,Phone,E-mail,Consent,Consent date,Consent source\n"


def take_in(summit: Summit, text: str | bytes, **how: Any) -> LeadImport:
    data = text if isinstance(text, bytes) else text.encode()
    return imports.take_in(
        data=data, **{"name": "fair.csv", "source": "Fair", "now": summit.now, "actor": "user:x", **how}
    )


class TestImport:
    def test_good_lines_become_leads_and_bad_ones_are_reported(self, summit: Summit) -> None:
        taken = take_in(
            summit,
            HEADER
            + "Ruth,Adeyemi,(303) 555-0181,ruth@example.com,written,2026-10-02,Card at the booth\n"
            + "Hugo,Stein,555-0184,,,,\n"
            + "Ruth,Adeyemi,303.555.0181,,,,\n"
            + f"Nora,Whitfield,{DENVER},,,,\n"
            + ",,,,,,\n"
            + "Vik,Tor,+44 20 7946 0018,,spoken,2026-10-03,Talk\n",
        )
        assert (taken.lines, taken.created, taken.known, taken.consents) == (5, 2, 1, 2)
        assert [(one["line"], one["column"]) for one in taken.problems] == [(3, "phone"), (4, "phone"), (5, "phone")]
        ruth = Lead.objects.get(phone="+13035550181")
        assert (ruth.contact.family_key, ruth.source, ruth.came_with_id) == ("adeyemi", "Fair", taken.pk)
        consent = Consent.objects.get(phone=ruth.phone)
        assert (consent.kind, consent.source) == ("written", "Card at the booth")
        assert consent.obtained_at.astimezone(summit.tenant.zone).date() == dt.date(2026, 10, 2)
        assert Lead.objects.get(phone="+442079460018").status == "new"

    def test_the_same_file_again_adds_nothing(self, summit: Summit) -> None:
        file = HEADER + "Ruth,Adeyemi,(303) 555-0181,,written,2026-10-02,Card\n"
        take_in(summit, file)
        again = take_in(summit, file)
        assert (again.created, again.known, again.consents) == (0, 1, 0)
        assert Lead.objects.count() == 4
        later = take_in(summit, file.replace("2026-10-02", "2026-11-02"))
        assert (later.created, later.consents) == (0, 1)  # a known lead who has agreed anew

    @pytest.mark.parametrize(
        "data",
        [
            (HEADER + 'Zoë,"Smith, Jr.",303 555 0181,,,,\n').encode("utf-8-sig"),
            (HEADER + 'Zoë,"Smith, Jr.",303 555 0181,,,,\n').encode("cp1252"),
            (HEADER.replace(",", ";") + "Zoë;Smith, Jr.;303 555 0181;;;;\r\n").encode(),
            (HEADER.replace(",", "\t") + "Zoë\tSmith, Jr.\t303 555 0181\t\t\t\t\n").encode(),
        ],
    )
    def test_files_as_people_save_them(self, summit: Summit, data: bytes) -> None:
        taken = take_in(summit, data)
        assert taken.problems == []
        assert Lead.objects.get(phone="+13035550181").contact.name == "Zoë Smith, Jr."

    def test_lines_are_counted_as_the_editor_does(self, summit: Summit) -> None:
        taken = take_in(summit, HEADER + '\n"Ann\nMary",Lee,303 555 0181,,,,\nBo,Lee,12,,,,\n')
        assert [one["line"] for one in taken.problems] == [5]

    @pytest.mark.parametrize("data", [b"", b"\x50\x4b\x03\x04\0\0", b"Name\nAnn", b'"' + b"x" * 200_000])
    def test_what_is_no_table_is_said(self, summit: Summit, data: bytes) -> None:
        taken = take_in(summit, data)
        assert taken.created == 0
        assert taken.problems

    def test_refusals(self, summit: Summit, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(SourceNeeded):
            take_in(summit, HEADER, source=" ")
        monkeypatch.setattr(imports, "MOST_BYTES", 10)
        with pytest.raises(FileTooLarge):
            take_in(summit, HEADER)
        assert not LeadImport.objects.exists()

    def test_ten_times_the_lines_cost_no_more_queries(self, summit: Summit) -> None:
        def cost(count: int, first: int) -> int:
            lines = (f"Ann,Lee,30355{first + number},,written,2026-10-02,Card\n" for number in range(count))
            with CaptureQueriesContext(connection) as queries:
                take_in(summit, HEADER + "".join(lines))
            return len(queries)

        assert cost(5, 60_000) == cost(50, 70_000)


class TestLeads:
    def test_a_number_is_one_lead(self, summit: Summit) -> None:
        with pytest.raises(LeadKnown):
            leads.register(first_name="Eve", last_name="Other", phone=DENVER, source="x", now=summit.now, actor="x")
        contact = Contact.objects.create(given_name="Eve")
        with pytest.raises(IntegrityError), transaction.atomic():
            Lead.objects.create(contact=contact, phone=DENVER, source="x")

    def test_assigning(self, summit: Summit) -> None:
        leads.assign(lead=summit.nora, rep=summit.dana, now=summit.now, actor="user:x")
        leads.assign(lead=summit.nora, rep=None, now=summit.now, actor="user:x")
        assert AuditEntry.objects.filter(action="lead.assigned", target=summit.nora.pk).count() == 2
        assert leads.leads_with_phone("") == []

    @pytest.mark.parametrize(
        ("phone", "zones"),
        [
            (DENVER, ["America/Denver"]),
            ("+19075550100", ["America/Adak", "America/Anchorage"]),
            ("+15551234567", []),
            ("12", []),
        ],
    )
    def test_where_a_number_may_be(self, phone: str, zones: list[str]) -> None:
        assert [str(zone) for zone in numbers.zones_of(phone)] == zones

    def test_a_toll_free_number_may_be_anywhere(self) -> None:
        assert len(numbers.zones_of("+18005550100")) > 20


class TestPermission:
    def test_a_consent_needs_a_source_and_a_past(self, summit: Summit) -> None:
        def grant(**how: Any) -> Consent:
            good = {"kind": "written", "source": "Form", "obtained_at": summit.now}
            return permission.grant(phone="+13035550177", now=summit.now, actor="x", **{**good, **how})

        assert grant().source == "Form"
        for how, field in (({"source": " "}, "source"), ({"obtained_at": summit.now + dt.timedelta(1)}, "obtained_at")):
            with pytest.raises(InvalidConsent) as caught:
                grant(**how)
            assert caught.value.field == field
        with pytest.raises(InvalidConsent):
            permission.consent_of(
                phone="+1", kind="written", source="Form", obtained_at=summit.now, expires_at=summit.now,
                now=summit.now, actor="x",
            )  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Consent.objects.create(phone="+1", kind="written", source="", obtained_at=summit.now, recorded_by="x")

    def test_a_withdrawn_consent_permits_nothing(self, summit: Summit) -> None:
        assert permission.permits([DENVER], now=summit.now)[DENVER][0].is_written
        assert permission.withdraw(phone=DENVER, now=summit.now, actor="x") == 1
        assert permission.permits([DENVER], now=summit.now) == {}
        assert permission.withdraw(phone=DENVER, now=summit.now, actor="x") == 0

    def test_a_customer_stays_one_though_they_want_no_calls(self, summit: Summit) -> None:
        Lead.objects.update(status="won")
        permission.forbid(phone=DENVER, source="asked", now=summit.now, actor="x")
        permission.forbid(phone=DENVER, source="register", now=summit.now, actor="x")
        assert DoNotCall.objects.get().source == "asked"
        assert Lead.objects.get(phone=DENVER).status == "won"


class TestEvents:
    @pytest.fixture
    def told(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
        """What comes onto the tenant's log."""
        told: list[dict[str, Any]] = []

        def publish(*, key: str, events: list[bytes]) -> None:
            assert key.endswith(":floor:log")
            told.extend(json.loads(event) for event in events)

        monkeypatch.setattr(log, "publish", publish)
        return told

    def test_they_come_after_the_commit(
        self, summit: Summit, told: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
    ) -> None:
        (oscar,) = summit.hire("Oscar")
        with django_capture_on_commit_callbacks(execute=True):
            team.set_paused(agent=oscar, is_paused=True, now=summit.now, actor="x")
            team.set_paused(agent=oscar, is_paused=True, now=summit.now, actor="x")
            assert told == []
        assert told == [{"type": "AgentChanged", "at": summit.now.timestamp(), "agent": oscar.pk, "is_paused": True}]

    def test_a_campaign_from_start_to_end(
        self, summit: Summit, told: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
    ) -> None:
        from apps.verticals.sales import campaigns, dialed, dialer

        summit.enroll(summit.nora, running=False)
        with django_capture_on_commit_callbacks(execute=True):
            campaigns.start(campaign=summit.campaign, now=summit.now, actor="x")
            (call,) = dialer.claim(now=summit.now)
            dialed.end(call=call, ending="answered", seconds=30, now=summit.now)
        assert [event["type"] for event in told] == ["CampaignChanged", "DialBegun", "CampaignChanged", "DialEnded"]
        assert told[1]["lead"] == summit.nora.pk
        assert told[3] | {"at": 0} == {
            "type": "DialEnded",
            "at": 0,
            "call": call.pk,
            "lead": summit.nora.pk,
            "agent": "",
            "campaign": summit.campaign.pk,
            "ending": "answered",
            "seconds": 30,
        }
        assert Campaign.objects.get().status == Campaign.Status.FINISHED
