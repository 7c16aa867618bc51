"""An export holds everything of a contact, nothing of anybody else, and lasts a day."""

import datetime as dt
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.business.data_rights import exports, requests
from apps.business.models import Contact, DataRequest
from apps.common.database import in_thread
from apps.tenants.models import AuditEntry, Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import make_member
from tests.data_rights.conftest import Person, make_person


@pytest.mark.django_db(transaction=True)
async def test_all_that_is_held_is_in_the_file(files: Path) -> None:
    person = await make_person("healthcare")
    await in_thread(_check_export, person)


def _check_export(person: Person) -> None:
    request = export(person.contact)
    with zipfile.ZipFile(default_storage.open(request.file)) as archive:
        names = archive.namelist()
        told = json.loads(archive.read("data.json"))
        page = archive.read("index.html").decode()
        sounds = [archive.read(name) for name in names if name.endswith(".wav")]
    assert told["person"] == "Quirin Vandermolen"
    sections = {section["title"]: section["rows"] for section in told["sections"]}
    assert {"Contacts", "Bookings", "Conversations", "Text messages", "Voicemails", "Outgoing calls"} <= set(sections)
    assert _parts(sections["Contacts"][0]) == {"Patients"}
    assert "Appointments" in _parts(sections["Bookings"][0])
    assert {"Turns", "Tool calls"} <= _parts(sections["Conversations"][0])
    assert sounds == [b"RIFF Quirin Vandermolen"]
    assert "867 5309" in page
    assert "Maria" not in page, "somebody else"
    assert request.report["exported"]["Conversations"] == 2


def _parts(row: dict[str, Any]) -> set[str]:
    return {part["title"] for part in row["parts"]}


def export(contact: Contact) -> DataRequest:
    now = timezone.now()
    with tenant_scope(contact.tenant_id):
        request = requests.ask_export(contact=contact, actor="user:1", now=now)
    assert requests.perform(now + dt.timedelta(seconds=1)) == 1
    with tenant_scope(contact.tenant_id):
        request.refresh_from_db()
    assert request.status == "done"
    return request


@pytest.fixture
def tom(clinic: Tenant) -> Contact:
    with tenant_scope(clinic.pk):
        contact: Contact = Contact.objects.create(given_name="Tom", family_name="Becker", phone="+12128675309")
    return contact


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_an_export_lasts_a_day(tom: Contact, files: Path) -> None:
    request = export(tom)
    assert default_storage.exists(request.file)
    assert exports.forget(timezone.now() + dt.timedelta(hours=23)) == 0
    assert exports.forget(timezone.now() + dt.timedelta(hours=25)) == 1
    assert not default_storage.exists(request.file)


@pytest.mark.django_db
def test_an_erasure_takes_the_exports_with_it(tom: Contact, files: Path) -> None:
    request = export(tom)
    assert exports.forget_of(tenant_id=tom.tenant_id, contact_id=tom.pk) == 1
    assert not default_storage.exists(request.file)


@pytest.mark.django_db
def test_owners_and_managers_export_owners_erase(
    clinic: Tenant, tom: Contact, alice: User, bob: User, files: Path
) -> None:
    manager = make_member("mia@riverside.example", clinic, Role.MANAGER)
    staff = make_member("sam@riverside.example", clinic, Role.STAFF)
    asks = reverse("admin:business_contact_export_data", args=[tom.pk])
    erases = reverse("admin:business_contact_erase_contact", args=[tom.pk])
    for user, may_export, may_erase in ((alice, 200, 200), (manager, 200, 403), (staff, 403, 403), (bob, 404, 404)):
        assert of(user).get(asks).status_code == may_export, user
        assert of(user).get(erases).status_code == may_erase, user
    assert of(staff).post(asks).status_code == 403
    assert of(manager).post(erases, {"name": "Tom Becker"}).status_code == 403
    with tenant_scope(clinic.pk):
        assert not DataRequest.objects.exists()
    request = export(tom)
    fetch = reverse("admin:business_datarequest_file", args=[request.pk])
    for user, status in ((alice, 200), (manager, 200), (staff, 403), (bob, 404)):
        assert of(user).get(fetch).status_code == status, user
    assert of(alice).get(fetch)["Content-Type"] == "application/zip"
    assert Client().get(fetch).status_code == 302


@pytest.mark.django_db
def test_the_pages_lead_from_asking_to_done(tom: Contact, alice: User, files: Path) -> None:
    client = of(alice)
    page = client.get(reverse("admin:business_contact_change", args=[tom.pk])).content.decode()
    erases = reverse("admin:business_contact_erase_contact", args=[tom.pk])
    assert erases in page
    assert "Type “Tom Becker” to confirm" in client.get(erases).content.decode()
    wrong = client.post(erases, {"name": "Tom"})
    assert wrong.status_code == 422
    assert "exactly as it stands here" in wrong.content.decode()
    asked = client.post(erases, {"name": "Tom Becker"})
    waiting = client.get(asked["Location"])
    assert waiting["Refresh"] == "3"
    assert "waiting" in waiting.content.decode()
    for seconds in (1, 30):
        assert requests.perform(timezone.now() + dt.timedelta(seconds=seconds)) == 1
    done = client.get(asked["Location"])
    assert "Refresh" not in done
    assert "What went" in done.content.decode()
    assert "Becker" not in done.content.decode()
    assert client.get(reverse("admin:business_contact_change", args=[tom.pk])).status_code == 404
    assert client.get(reverse("admin:business_datarequest_changelist")).status_code == 200
    with tenant_scope(tom.tenant_id):
        trail = AuditEntry.objects.filter(target=tom.pk).order_by("at", "id")
        assert [(entry.action, entry.actor) for entry in trail] == [
            ("contact.erasure_asked", f"user:{alice.pk}"),
            ("contact.erased", f"user:{alice.pk}"),
        ]
        assert "Becker" not in str([entry.details for entry in trail])


@pytest.mark.django_db
def test_a_request_that_breaks_off_is_tried_again_and_at_last_given_up(
    tom: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    with tenant_scope(tom.tenant_id):
        request = requests.ask_export(contact=tom, actor="user:1", now=now)

    def breaks(*_: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(exports, "make", breaks)
    monkeypatch.setattr(requests, "MOST_ATTEMPTS", 2)
    for attempt in range(1, 4):
        requests.perform(now + dt.timedelta(minutes=2 * attempt))
    with tenant_scope(tom.tenant_id):
        request.refresh_from_db()
    assert (request.status, request.attempts) == ("failed", 2)
