"""A walk over every kind of page in Chromium: nothing of ours is refused by the policies that our pages carry."""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from apps.chat.demo import PASSWORD
from apps.tenants.models import Tenant
from tests.e2e.widget_stub.browser import launched_browser, until_true

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PUBLIC = (
    *("/", "/pricing/", "/signup/", "/affiliates/", "/affiliates/join/", "/api/docs/", "/nothing/here/"),
    *("/account/login/", "/account/password/reset/", "/demo/riverside-clinic/", "/demo/voice/riverside-clinic/"),
    "/widget/frame/wk_demo_healthcare",
)
OWN = ("/inbox/", "/account/email/", "/account/two-factor/", "/account/password/change/", "/dashboard/")
LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile} ${event.sample}`));
"""


@pytest.fixture
def sessions(clinic_demo: Tenant) -> dict[str, str]:
    """The session's key of each who is logged in. The database is asked before the browser starts."""
    found = {}
    for email in ("owner@riverside-clinic.example", "owner@summit-sales.example", "admin@callsphere.example"):
        client = Client()
        assert client.login(username=email, password=PASSWORD)
        found[email] = client.session.session_key or ""
    return found


def context_of(browser: Browser, server: str, session: str = "") -> BrowserContext:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(LISTEN)
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": server}])
    return context


def refused(page: Page, url: str, **expected: Any) -> list[str]:
    """What the page's policy, and those of its frames, refused while it loaded."""
    answer = page.goto(url, wait_until="load")
    assert answer is not None
    assert answer.status in (200, 404), url
    return [f"{url}: {line}" for frame in page.frames for line in frame.evaluate("window.refused || []")]


def test_nothing_on_public_pages_is_refused(server: str, clinic_demo: Tenant) -> None:
    found = []
    with launched_browser() as browser:
        page = context_of(browser, server).new_page()
        for path in PUBLIC:
            found += refused(page, server + path)
        page.goto(f"{server}/demo/riverside-clinic/")
        page.locator("callsphere-widget").get_by_role("button", name="Chat with us").click()
        expect(page.frame_locator("callsphere-widget iframe").get_by_label("Your message")).to_be_visible(
            timeout=30_000
        )
        found += [line for frame in page.frames for line in frame.evaluate("window.refused || []")]
    assert found == []


@pytest.mark.parametrize(
    ("email", "lists_of", "looks_into"),
    [
        ("owner@riverside-clinic.example", "/admin/", True),
        ("owner@summit-sales.example", "/admin/sales/", True),
        ("admin@callsphere.example", "/admin/", False),
    ],
)
def test_nothing_on_the_teams_pages_is_refused(
    server: str, sessions: dict[str, str], email: str, lists_of: str, looks_into: bool
) -> None:
    """Each page of the sidebar, and of each list the first row and the form for a new one."""
    found: list[str] = []
    with launched_browser() as browser:
        page = context_of(browser, server, sessions[email]).new_page()
        for path in OWN:
            found += refused(page, server + path)
        found += refused(page, f"{server}/admin/")
        links = page.eval_on_selector_all("a[href^='/admin/']", "links => links.map(link => link.pathname)")
        lists = sorted({link for link in links if link.startswith(lists_of) and link.count("/") == 4})
        assert len(lists) > 2
        visited = set(lists)
        for path in lists:
            found += refused(page, server + path)
            if looks_into:
                inner = "#result_list th a, a[href$='/add/'], a[href*='/add/?']"
                links = page.eval_on_selector_all(inner, "links => links.map(link => link.pathname)")
                visited |= {link for link in links[:2] if link.startswith("/admin/")}
        for path in sorted(visited - set(lists)):
            found += refused(page, server + path)
        assert len(visited) > len(lists) or not looks_into
    assert found == []


def test_a_script_that_somebody_smuggles_in_does_not_run(server: str, sessions: dict[str, str]) -> None:
    """The listener works, and the policy is enforced: also in the admin, whose policy is the widest."""
    with launched_browser() as browser:
        page = context_of(browser, server, sessions["owner@riverside-clinic.example"]).new_page()
        for path in ("/", "/admin/", "/inbox/"):
            page.goto(server + path)
            page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">')")
            page.evaluate("""() => { const tag = document.createElement("script"); tag.textContent = "window.ran = 1";
                             document.body.append(tag); }""")
            until_true(page, "window.refused.some((line) => line.startsWith('script-src-elem'))")
            until_true(page, "window.refused.some((line) => line.startsWith('script-src-attr'))")
            assert page.evaluate("window.ran") is None
