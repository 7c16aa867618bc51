"""The demo page in a real browser, with a microphone that plays a file, against the whole product."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.conversations.models import Call, Turn
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.healthcare.models import Appointment
from tests.e2e.microphone import speaking_browser

WISH = "I need a doctor about my knee tomorrow morning"
WHO = "Maria Santos, born 4 May 1985"
CHOICE = "The first one, please"
YES = "Yes, please"
LINES = ((1.5, WISH), (16.0, WHO), (33.0, CHOICE), (47.0, YES))
"""All within the demo's minute, each after the agent's answer to the one before it."""


def expect_heard(page: Page, line: str, answer: str) -> None:
    """The line is understood, and the agent's last turn after it says the answer."""
    log = page.get_by_role("log")
    expect(log.locator(".turn.caller .words").filter(has_text=line)).to_be_visible(timeout=40_000)
    expect(log.locator(".turn").last).to_contain_text(re.compile(answer, re.IGNORECASE), timeout=20_000)


@pytest.mark.browser
@pytest.mark.usefixtures("stand_in")
@pytest.mark.timeout(240)
def test_somebody_books_by_voice_on_the_demo_page(server: str, clinic_demo: Tenant, tmp_path: Path) -> None:
    errors: list[str] = []
    with speaking_browser(LINES, tmp_path) as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844}, locale="en-US")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server}/demo/voice/{clinic_demo.slug}/")
        page.get_by_role("button", name="Start the call").click()
        expect_heard(page, WISH, "name")
        expect_heard(page, WHO, r"\d{1,2}(:\d\d)? ?[AP]M")
        expect_heard(page, CHOICE, "shall I go ahead")
        expect_heard(page, YES, "booked")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("button", name="Hang up").click()
        expect(page.get_by_role("button", name="Call again")).to_be_visible()
    assert errors == []
    with tenant_scope(clinic_demo.pk):
        call = Call.objects.get()
        [appointment] = Appointment.objects.filter(booking__conversation_id=call.conversation_id)
        contact = appointment.booking.contact
        assert (contact.given_name, contact.family_name) == ("Maria", "Santos")
        assert appointment.booking.status == "scheduled"
        assert "knee" in appointment.reason
        said = Turn.objects.filter(conversation=call.conversation, role="visitor").order_by("number")
        assert [turn.text for turn in said] == [WISH, WHO, CHOICE, YES]
        assert call.carrier == "browser"
