"""The demo page in a real browser, with a microphone that speaks, against the whole product."""

import re

import pytest
from playwright.sync_api import Page, expect

from apps.conversations.models import Call, Turn
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.healthcare.models import Appointment
from apps.voice import demos
from tests.e2e.microphone import give_microphone, say_until
from tests.e2e.widget_stub.browser import launched_browser

WISH = "I need a doctor about my knee tomorrow morning"
WHO = "Maria Santos, born 4 May 1985"
CHOICE = "The first one, please"
YES = "Yes, please"


def talk(page: Page, line: str, answer: str) -> None:
    """The line is understood, and the agent's last turn after it says the answer, to its end."""
    log = page.get_by_role("log")
    say_until(page.main_frame, line, log.locator(".turn.caller .words").filter(has_text=line))
    expect(log.locator(".turn").last).to_contain_text(re.compile(answer, re.IGNORECASE), timeout=20_000)
    expect(log.locator(".turn").last).to_have_attribute("aria-busy", "false", timeout=20_000)


@pytest.mark.browser
@pytest.mark.usefixtures("stand_in")
@pytest.mark.timeout(240)
def test_somebody_books_by_voice_on_the_demo_page(
    server: str, clinic_demo: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demos, "SECONDS", 180)  # at rest it takes 51 of the demo's 60
    errors: list[str] = []
    with launched_browser() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844}, locale="en-US")
        give_microphone(page.context)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server}/demo/voice/{clinic_demo.slug}/")
        page.get_by_role("button", name="Start the call").click()
        expect(page.get_by_role("log").locator(".turn").first).to_be_visible(timeout=40_000)
        talk(page, WISH, "name")
        talk(page, WHO, r"\d{1,2}(:\d\d)? ?[AP]M")
        talk(page, CHOICE, "shall I go ahead")
        talk(page, YES, "booked")
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
