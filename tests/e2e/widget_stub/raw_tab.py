"""A tab that Playwright does not manage: it can be hidden, frozen and put aside for the back button.

Playwright keeps each of its pages visible and focused and switches the back-forward cache off, so a page that stops
cannot be had there. These tabs talk the DevTools protocol through its connection instead.
"""

import json
from time import monotonic, sleep
from typing import Any

from playwright.sync_api import Browser

PATIENCE = 30
"""Seconds."""


class RawBrowser:
    """A profile of its own in a browser that Playwright has started."""

    def __init__(self, browser: Browser) -> None:
        self.cdp = browser.new_browser_cdp_session()
        self.replies: dict[int, dict[str, Any]] = {}
        self.cdp.on("Target.receivedMessageFromTarget", self._received)
        self.profile: str = self.cdp.send("Target.createBrowserContext")["browserContextId"]
        self.last_id = 0

    def open(self, url: str) -> "RawTab":
        """A new tab in front of the others, which become hidden."""
        target = self.cdp.send("Target.createTarget", {"url": url, "browserContextId": self.profile})["targetId"]
        return RawTab(self, self.cdp.send("Target.attachToTarget", {"targetId": target})["sessionId"])

    def close(self) -> None:
        self.cdp.send("Target.disposeBrowserContext", {"browserContextId": self.profile})
        self.cdp.detach()

    def send(self, session: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.last_id += 1
        number = self.last_id
        message = json.dumps({"id": number, "method": method, "params": params})
        self.cdp.send("Target.sendMessageToTarget", {"sessionId": session, "message": message})
        deadline = monotonic() + PATIENCE
        while number not in self.replies:
            assert monotonic() < deadline, f"{method} was not answered"
            self.cdp.send("Browser.getVersion")  # lets events in
        reply = self.replies.pop(number)
        assert "error" not in reply, reply
        result: dict[str, Any] = reply["result"]
        return result

    def _received(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self.replies[message["id"]] = message


class RawTab:
    """Shows the widget's frame on its own."""

    def __init__(self, browser: RawBrowser, session: str) -> None:
        self.browser = browser
        self.session = session

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.send(self.session, method, params)

    def evaluate(self, script: str) -> Any:
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Until the script says true."""
        deadline = monotonic() + PATIENCE
        while not self.evaluate(script):
            assert monotonic() < deadline, f"never: {script}\n{self.evaluate('document.body.innerText')}"
            sleep(0.05)

    def freeze(self) -> None:
        self.send("Page.setWebLifecycleState", state="frozen")

    def thaw(self) -> None:
        self.send("Page.setWebLifecycleState", state="active")

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.evaluate(f"[...document.querySelectorAll('{selector}')].map((el) => el.textContent)")
        return found

    def say(self, text: str) -> None:
        self.wait_for("!document.querySelector('.send').hidden")
        self.evaluate(
            f"""(() => {{
                const field = document.querySelector("textarea");
                field.value = {json.dumps(text)};
                field.dispatchEvent(new Event("input"));
                field.form.requestSubmit();
            }})()"""
        )
