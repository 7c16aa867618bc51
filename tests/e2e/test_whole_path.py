"""The main job, from outside: a visitor books an appointment by chat, and the owner sees it in the admin."""

import re
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from apps.chat.demo import PASSWORD
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.healthcare.models import Appointment
from tests.chat.client import Visitor
from tests.e2e.widget_stub.browser import launched_browser

WISH = "I need to see a doctor about my knee, tomorrow morning if possible"


def booked(clinic: Tenant) -> list[Appointment]:
    """Maria's appointments made in a conversation."""
    with tenant_scope(clinic.pk):
        rows = Appointment.objects.select_related("booking__contact", "booking__staff").exclude(
            booking__conversation_id=""
        )
        return list(rows)


def assert_the_owner_sees(appointment: Appointment) -> None:
    owner = Client()
    assert owner.login(username="owner@riverside-clinic.example", password=PASSWORD)
    listed = owner.get("/admin/healthcare/appointment/", {"q": appointment.booking.reference}).content.decode()
    assert "Maria Santos" in listed
    transcript = owner.get(f"/admin/conversations/conversation/{appointment.booking.conversation_id}/change/")
    assert WISH in transcript.content.decode()
    assert "schedule_appointment" in transcript.content.decode()


def test_a_visitor_books_over_plain_http(server: str, clinic_demo: Tenant) -> None:
    visitor = Visitor(server, "wk_demo_healthcare")
    first = visitor.ask(WISH).check()
    assert "name" in first.text.lower()
    offered = visitor.ask("Maria Santos, born 4 May 1985").check()
    assert next(tool["name"] for tool in offered.named("tool")) == "lookup_patient"
    assert re.search(r"\d{1,2}:\d\d", offered.text), offered.text
    done = visitor.ask("The first one, please").check()
    assert "booked" in done.text.lower(), done.text

    [appointment] = booked(clinic_demo)
    assert (appointment.booking.contact.given_name, appointment.booking.contact.family_name) == ("Maria", "Santos")
    assert appointment.booking.status == "scheduled"
    assert "knee" in appointment.reason
    assert appointment.booking.conversation_id == visitor.conversation
    assert_the_owner_sees(appointment)


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_visitor_books_in_the_widget_on_another_origin(
    server: str, clinic_demo: Tenant, width: int, tmp_path: Path
) -> None:
    errors: list[str] = []
    with launched_browser() as browser:
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server}/demo/riverside-clinic/")
        frame_host = page.locator("callsphere-widget iframe")
        page.locator("callsphere-widget button").first.click()
        assert "//localhost:" in (frame_host.get_attribute("src") or ""), "the widget comes from another origin"
        expect_answer(page, re.compile("Grace"))
        say(page, WISH)
        expect_answer(page, re.compile("name", re.IGNORECASE))
        say(page, "Maria Santos, born 4 May 1985")
        expect_answer(page, re.compile(r"\d{1,2}:\d\d"))
        say(page, "The first one, please")
        expect_answer(page, re.compile("booked", re.IGNORECASE))
        page.screenshot(path=str(tmp_path / f"booked-{width}.png"))
    assert errors == []
    [appointment] = booked(clinic_demo)
    assert_the_owner_sees(appointment)


def say(page: Page, text: str) -> None:
    field = page.frame_locator("callsphere-widget iframe").get_by_label("Your message")
    field.fill(text)
    field.press("Enter")


def expect_answer(page: Page, words: re.Pattern[str]) -> None:
    """The last bubble of the agent says it, and the answer is complete."""
    frame = page.frame_locator("callsphere-widget iframe")
    expect(frame.get_by_role("button", name="Send")).to_be_visible(timeout=20_000)
    expect(frame.locator(".prose").last).to_contain_text(words, timeout=20_000)
