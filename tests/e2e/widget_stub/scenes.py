"""What the stub answers: the first word of a message names a scene, so a test (or a person) picks by typing.

A scene is a list of steps. Most are events of the chat contract; the others disturb the stream: ``("gate",)``
holds the run until the test opens it, ``("cut",)`` breaks the first connection that passes it, ``("silence",)``
keeps that connection open without a byte, ``("drain",)`` ends it cleanly and asks the client to come back, and
``("end", reason)`` says how the run ends.
"""

from collections.abc import Iterator
from typing import Any

Step = tuple[Any, ...]
DISTURBANCES = {"cut", "silence", "drain"}
RETRY_MS = 1_500

LONG = (
    "Of course. We have **three times** free tomorrow morning, and each takes about half an hour. "
    "If none of them suits you I can look at the afternoon as well, or at another day of this week. "
    "Please tell me which one you would like, and I will book it for you right away. 🩺"
)
SHOWN = LONG.replace("**", "")
MARKDOWN = (
    "# Opening hours\n\nWe are open **Monday to Friday**, *by appointment* on Saturdays.\n\n"
    "- Knee check: `99213`\n- Follow-up with **Dr. Lee**\n- See [our page](https://example.com/a_(b)?q=1)\n\n"
    "1. Call [us](tel:+15550100)\n2. Write to [the desk](mailto:desk@example.com)\n\n"
    "```\nplain **not bold** <b>tag</b>\n```\n\nMore at https://example.com/help."
)
HOSTILE = (
    'Hi <img src=x onerror="parent.hacked=1"><script>window.hacked=1</script> '
    "![pixel](https://evil.example/p.png) [click](javascript:window.hacked=1) "
    "[also](JaVaScRiPt:alert(1)) [data](data:text/html,<script>1</script>) [rel](/admin/) "
    '[quote](https://example.com/"onmouseover="window.hacked=1)'
)


def tokens(text: str) -> Iterator[Step]:
    for at in range(0, len(text), 7):
        yield ("message", {"tok": text[at : at + 7]})


def tool(call: str, status: str, label: str) -> Step:
    return ("tool", {"call": call, "name": "get_available_slots", "status": status, "label": label})


def steps(text: str) -> list[Step]:
    """The steps of the scene that ``text`` asks for; the terminal event is the run's business."""
    words = text.split()
    scene = words[0] if words else ""
    script = list(tokens(LONG))
    if scene == "/cut":
        return [*script[:5], ("cut",), *script[5:20], ("cut",), *script[20:]]
    if scene == "/gate":
        return [*script[:8], ("gate",), *script[8:]]
    if scene == "/silence":
        return [*script[:4], ("silence",), *script[4:]]
    if scene == "/drain":
        return [*script[:5], ("drain",), *script[5:]]
    if scene == "/person":
        return [*tokens("I will get somebody who can help."), ("end", "handoff")]
    if scene == "/markdown":
        return list(tokens(MARKDOWN))
    if scene == "/hostile":
        return list(tokens(HOSTILE))
    if scene == "/tools":
        return [
            *tokens("Let me see. "),
            tool("c1", "started", "Checking free times…"),
            ("gate",),
            tool("c1", "done", "Checking free times…"),
            tool("c2", "started", "Looking up the office hours…"),
            tool("c2", "failed", "Looking up the office hours…"),
            *script,
        ]
    if scene == "/handoff":
        return [
            *tokens("I will get a colleague for that."),
            ("handoff", {"from": "Ava", "to": "Noah"}),
            *tokens("Hello, this is Noah from billing. What can I do for you?"),
        ]
    if scene == "/reset":
        # run is 1, so text seq 2 and 3 stay and 4 to 6 are void
        return [
            *(("message", {"tok": t}) for t in ("Good ", "morning. ", "WRONG ", "WRONG ", "WRONG ")),
            ("gate",),
            ("reset", {"after": 3}),
            ("message", {"tok": "We open at nine."}),
        ]
    if scene == "/error":
        return [
            *script[:3],
            ("error", {"code": "provider_down", "message": "The model is away.", "retryable": True}),
        ]
    return script
