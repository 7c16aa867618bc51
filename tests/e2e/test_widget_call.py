"""“Call instead” in the widget on somebody's page, with a microphone that speaks, against the whole product."""

import pytest
from playwright.sync_api import expect

from apps.conversations.models import Call, ToolCall
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.e2e.microphone import give_microphone, say_until
from tests.e2e.widget_stub.browser import launched_browser

QUESTION = "What are your opening hours?"


@pytest.mark.browser
@pytest.mark.usefixtures("stand_in")
@pytest.mark.timeout(240)
def test_a_visitor_calls_instead_of_writing(server: str, clinic_demo: Tenant) -> None:
    errors: list[str] = []
    with launched_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-US")
        give_microphone(page.context)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if "Policy" in line.text else None)
        page.goto(f"{server}/demo/{clinic_demo.slug}/")
        page.locator("callsphere-widget button").first.click()
        frame = page.frame_locator("callsphere-widget iframe")
        frame.get_by_role("button", name="Call instead").click()
        frame.get_by_role("button", name="Start the call").click()
        call = frame.get_by_role("log", name="Transcript")
        expect(call.locator(".turn").first).to_be_visible(timeout=40_000)
        [inner] = [inner for inner in page.frames if "/widget/frame/" in inner.url]
        say_until(inner, QUESTION, call.get_by_text(QUESTION))
        expect(call.locator(".turn").last).to_contain_text("AM", timeout=20_000)
        frame.get_by_role("button", name="Hang up").click()
        chat = frame.get_by_role("log", name="Messages")
        expect(chat.locator(".turn.user .bubble")).to_have_text([QUESTION])
        expect(chat.get_by_text("You ended the call.")).to_be_visible()
    assert errors == []
    with tenant_scope(clinic_demo.pk):
        assert Call.objects.get().conversation.visitor.startswith("vis_")
        assert list(ToolCall.objects.values_list("name", flat=True)) == ["get_office_hours"]
