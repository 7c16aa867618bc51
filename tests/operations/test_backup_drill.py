"""The drill: a business at work is backed up, its machine is lost, and on an empty one everything is as it was."""

import datetime as dt
import re
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from apps.business.data_rights import requests
from apps.business.models import Contact
from apps.chat import demo
from apps.conversations import turns
from apps.conversations.models import Call
from apps.tenants.models import ApiKey, Tenant
from apps.tenants.scope import all_tenants, tenant_scope
from apps.voice import files
from tests.chat.client import Visitor
from tests.operations import machines

HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
"""Of the product: the suite's own are no use on another machine."""
OWNER = "owner@riverside-clinic.example"
LISTS = ("agents", "contacts", "bookings", "conversations", "calls", "staff", "services", "webhooks", "usage")
QUESTION = "What are your opening hours?"


class Business:
    """Riverside Clinic at work on the suite's own server: chats, a booking, a recorded call, a webhook."""

    def __init__(self, server: str, folder: Path) -> None:
        self.server = server
        with override_settings(PASSWORD_HASHERS=HASHERS):
            demo.load(now=timezone.now())
        with all_tenants(reason="test"):
            self.tenant = Tenant.objects.get(slug="riverside-clinic")
        with tenant_scope(self.tenant.pk):
            self.key = ApiKey.issue(name="CRM")[1]
            self.call, self.sound = self._call(folder)
        self.visitor = Visitor(server, "wk_demo_healthcare")
        self.answer = self.visitor.ask(QUESTION).check().text
        Visitor(server, "wk_demo_salon").ask("What does a haircut cost?").check()
        self.post("webhooks", {"url": "https://hooks.example/", "events": ["booking.created"]})

    def _call(self, folder: Path) -> tuple[Call, bytes]:
        now = timezone.now()
        conversation = turns.start(agent="front-desk", channel="phone", now=now, visitor="vis_phone")
        call = Call.objects.create(
            conversation=conversation,
            carrier="twilio",
            carrier_call="CA1",
            caller="+12125550177",
            status=Call.Status.ENDED,  # or somebody would sweep it up while the copies are compared
            ended="caller_left",
            ended_at=now,
        )
        path = folder / f"{call.pk}.wav"
        with wave.open(str(path), "wb") as sound:
            sound.setparams((2, 2, 8_000, 0, "NONE", ""))
            sound.writeframes(bytes(range(256)) * 500)
        files.keep(call_id=call.pk, kind="recording", path=path, seconds=8, days=90, now=now)
        return call, path.read_bytes()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = httpx.post(
            f"{self.server}/api/{path}", json=body, headers={"Authorization": f"Bearer {self.key}"}, timeout=60
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def erase(self, contact_id: str) -> None:
        with tenant_scope(self.tenant.pk):
            contact = Contact.objects.get(pk=contact_id)
            now = timezone.now()
            requests.ask_erasure(contact=contact, typed_name=contact.name, actor="user:1", now=now)
        for seconds in (1, 20):
            assert requests.perform(now + dt.timedelta(seconds=seconds)) == 1

    @contextmanager
    def writing(self) -> Iterator[list[str]]:
        """New contacts one after the other, without a pause; the names of those that the server said it has."""
        done: list[str] = []
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set() and len(done) < 500:
                name = f"Writer{len(done):04}"
                self.post("contacts", {"given_name": name})
                done.append(name)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            while len(done) < 3:
                assert thread.is_alive()
            yield done
        finally:
            stop.set()
            thread.join(60)


@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
def test_a_restore_on_an_empty_machine_gives_the_same_answers(server: str, tmp_path: Path) -> None:
    ours = machines.of_the_suite()
    business = Business(server, tmp_path)
    gone = business.post("contacts", {"given_name": "Quirin", "family_name": "Vandermolen"})["id"]

    with business.writing() as done:
        before = len(done)
        ours.manage("backup", str(tmp_path / "first.tar"))
        assert len(done) > before, "nobody wrote while the backup was made"
    call_command("backup", str(tmp_path / "first.tar"), verify=True)
    business.erase(gone)
    with (tmp_path / "erasures").open("w") as stream:
        call_command("erasures", stdout=stream)

    with machines.empty() as theirs:
        _first_restore(theirs, tmp_path, before, gone)
        call_command("backup", str(tmp_path / "second.tar"))
        said = theirs.manage("restore", str(tmp_path / "second.tar"), "--overwrite").stdout
        assert "All sealed secrets open." in said
        assert "WARNING" not in said
        assert theirs.rows() == ours.rows()
        again = theirs.manage("backup", str(tmp_path))  # into a folder, by the owner where there is one
        assert re.search(r"Written to .*callsphere-\d{8}T\d{6}Z\.tar", again.stdout)
        with theirs.serving() as address:
            _compare_answers(business, address)


def _first_restore(theirs: machines.Machine, folder: Path, before: int, gone: str) -> None:
    said = theirs.manage(
        *("restore", str(folder / "first.tar"), "--erasures", str(folder / "erasures")),
        SECRET_KEY="another key than that of the machine which was lost, and long enough",
    ).stdout
    assert "WARNING: the SECRET_KEY is another one" in said
    assert "WARNING: 1 secrets do not open" in said
    assert "1 contacts were there again and are erased.\n" in said
    if settings.DATABASE_RUNTIME_URL:
        assert "row-level security holds shop" in said
    rows = theirs.rows()
    contacts = "".join(rows["business_contact"])
    written = sorted(set(re.findall(r"Writer\d{4}", contacts)))
    # Of one moment: none is missing before one that is there, nor any that was there when the backup began.
    assert written == [f"Writer{number:04}" for number in range(len(written))]
    assert len(written) >= before
    assert "Vandermolen" not in str(rows)
    assert gone in "".join(rows["tenants_auditentry"])


def _compare_answers(business: Business, address: str) -> None:
    bearer = {"Authorization": f"Bearer {business.key}"}
    for path in (*LISTS, f"conversations/{business.visitor.conversation}/turns"):
        was, now = (httpx.get(f"{base}/api/{path}", headers=bearer, timeout=60) for base in (business.server, address))
        assert was.status_code == now.status_code == 200, path
        assert was.text.replace(business.server, address) == now.text, path

    transcript = f"/api/chat/conversations/{business.visitor.conversation}"
    was, now = (
        httpx.get(f"{base}{transcript}", headers=business.visitor.headers()) for base in (business.server, address)
    )
    assert was.json() == now.json()
    assert business.answer in now.text.encode().decode("unicode_escape") or business.answer in str(now.json())

    assert Visitor(address, "wk_demo_healthcare").ask(QUESTION).check().text == business.answer
    business.visitor.http = httpx.Client(base_url=address, timeout=60)
    business.visitor.ask("Thank you").check()  # the old conversation goes on

    cookies = _log_in(address, OWNER, demo.PASSWORD)
    page = f"{address}/admin/conversations/call/{business.call.pk}"
    assert httpx.get(f"{page}/recording/", headers=cookies).content == business.sound
    assert httpx.get(f"{page}/change/", headers=cookies).status_code == 200
    assert Contact.__name__ in httpx.get(f"{address}/admin/business/contact/", headers=cookies).text
    with pytest.raises(AssertionError):
        _log_in(address, OWNER, "not the password")


def _log_in(address: str, email: str, password: str) -> dict[str, str]:
    """The header with the cookies. They are for HTTPS only, so a client would keep them to itself."""
    form = httpx.get(f"{address}/account/login/")
    token = form.headers["set-cookie"].split(";")[0]
    [csrf] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)[:1]
    answer = httpx.post(
        f"{address}/account/login/",
        data={"login": email, "password": password, "csrfmiddlewaretoken": csrf},
        headers={"Cookie": token},
    )
    assert answer.status_code == 302, answer.text[:2_000]
    return {"Cookie": "; ".join(one.split(";")[0] for one in answer.headers.get_list("set-cookie"))}
