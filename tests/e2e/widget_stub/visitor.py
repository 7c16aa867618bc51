"""Somebody on a customer's page, with the widget on it."""

import re
from typing import Any

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect


class Visitor:
    def __init__(self, context: BrowserContext, stub: dict[str, str], query: str = "") -> None:
        self.context = context
        self.stub = stub
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._console)
        self.page.goto(f"{stub['customer']}/host{query}")

    def _console(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("callsphere-widget iframe")

    @property
    def field(self) -> Locator:
        return self.frame.get_by_label("Your message")

    @property
    def launcher(self) -> Locator:
        return self.page.locator("callsphere-widget button")

    @property
    def answers(self) -> Locator:
        """The text bubbles of the agent, greeting first."""
        return self.frame.locator(".prose")

    def open(self) -> "Visitor":
        self.launcher.click()
        expect(self.answers.first).to_contain_text("I am Ava")
        return self

    def say(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def expect_idle(self) -> None:
        expect(self.frame.get_by_role("button", name="Send")).to_be_visible()

    def new_conversation(self) -> None:
        self.frame.get_by_role("button", name="More").click()
        self.frame.get_by_role("menuitem", name="New conversation").click()

    def another_tab(self) -> "Visitor":
        return Visitor(self.context, self.stub).open()

    def streams(self) -> dict[str, int]:
        """{"open", "most"}: event streams open now, and most at once since the test began."""
        streams: dict[str, int] = self.context.request.get(self.stub["product"] + "/stub/streams").json()
        return streams

    def open_gate(self) -> None:
        self.context.request.post(self.stub["product"] + "/stub/gate")

    def expire_tokens(self) -> None:
        self.context.request.post(self.stub["product"] + "/stub/expire")

    def wait_for_log(self, path: str, count: int = 1) -> list[dict[str, Any]]:
        """The log of `path`, once it was asked for so often."""
        for _ in range(100):
            if len(entries := self.log(path)) >= count:
                return entries
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{path} was not asked for {count} times")

    def log(self, path: str) -> list[dict[str, Any]]:
        entries = self.context.request.get(self.stub["product"] + "/stub/log").json()
        return [entry for entry in entries if re.fullmatch(path, entry["path"])]
