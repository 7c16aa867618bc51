"""The AI SDK's dialect, read by a client that is as easily broken as the real one (`tests/ui` has the real one)."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.chat.core.ui import Chunk, UIMessage

Event = tuple[str, dict[str, Any]]


class Client:
    """Holds a message's parts as `ai` 7.0 does, and breaks where it would."""

    def __init__(self) -> None:
        self.id = ""
        self.parts: list[dict[str, Any]] = []
        self.open: dict[str, dict[str, Any]] = {}
        self.finished = ""
        self.error = ""

    def read(self, chunks: Iterable[Chunk]) -> "Client":
        for chunk in chunks:
            assert not self.finished, "a chunk after finish"
            getattr(self, chunk["type"].replace("-", "_"))(**{k: v for k, v in chunk.items() if k != "type"})
        return self

    @property
    def texts(self) -> list[str]:
        return [part["text"] for part in self.parts if part["type"] == "text"]

    def start(self, messageId: str) -> None:
        assert not self.id
        self.id = messageId

    def start_step(self) -> None:
        self.parts.append({"type": "step-start"})

    def finish_step(self) -> None:
        assert self.parts
        assert not self.open

    def text_start(self, id: str) -> None:
        assert self.parts, "text before a step"
        self.open[id] = {"type": "text", "text": ""}
        self.parts.append(self.open[id])

    def text_delta(self, id: str, delta: str) -> None:
        assert delta
        self.open[id]["text"] += delta

    def text_end(self, id: str) -> None:
        del self.open[id]

    def tool_input_available(self, toolCallId: str, toolName: str, input: Any, title: str = "") -> None:
        assert isinstance(input, dict)
        assert toolCallId not in [part.get("call") for part in self.parts]
        self.parts.append({"type": f"tool-{toolName}", "call": toolCallId, "input": input, "title": title})

    def _tool(self, call: str) -> dict[str, Any]:
        [part] = [part for part in self.parts if part.get("call") == call]
        assert not part.keys() & {"output", "error"}, "a second output"
        return part

    def tool_output_available(self, toolCallId: str, output: Any) -> None:
        self._tool(toolCallId)["output"] = output

    def tool_output_error(self, toolCallId: str, errorText: str) -> None:
        assert errorText
        self._tool(toolCallId)["error"] = errorText

    def data_handoff(self, data: dict[str, str]) -> None:
        self.parts.append({"type": "handoff", **data})

    def reset_step(self) -> None:
        while self.parts[-1]["type"] != "step-start":
            self.parts.pop()
        self.open = {}

    def finish(self, finishReason: str) -> None:
        assert not self.open
        self.finished = finishReason


def tell(log: Iterable[Event]) -> list[Chunk]:
    message = UIMessage("run_1")
    return [chunk for number, event in enumerate(log, start=1) for chunk in message.handle(number, *event)]


def types(log: Iterable[Event]) -> list[str]:
    return [chunk["type"] for chunk in tell(log)]


RUN: Event = ("run", {"run": "run_1", "conversation": "conv_1", "token": "secret", "agent": "Grace"})


def tok(text: str) -> Event:
    return ("", {"tok": text})


def tool(call: str, status: str, **more: Any) -> Event:
    return ("tool", {"call": call, "name": "look", "status": status, "label": "Looking", **more})


def done(reason: str = "stop") -> Event:
    return ("done", {"reason": reason, "usage": {}})


def test_an_answer_with_a_tool_is_two_steps() -> None:
    log = [
        RUN,
        tok("One "),
        tok("moment."),
        tool("1.0", "started", input={"date": "2026-11-23"}),
        tool("1.0", "done", output={"ok": True, "say": "Two slots."}),
        tok("\n\nThere are"),
        tok(" two."),
        done(),
    ]
    assert tell(log) == [
        {"type": "start", "messageId": "run_1"},
        {"type": "start-step"},
        {"type": "text-start", "id": "1"},
        {"type": "text-delta", "id": "1", "delta": "One "},
        {"type": "text-delta", "id": "1", "delta": "moment."},
        {"type": "text-end", "id": "1"},
        {
            "type": "tool-input-available",
            "toolCallId": "run_1:1.0",
            "toolName": "look",
            "input": {"date": "2026-11-23"},
            "title": "Looking",
        },
        {"type": "tool-output-available", "toolCallId": "run_1:1.0", "output": {"ok": True, "say": "Two slots."}},
        {"type": "finish-step"},
        {"type": "start-step"},
        {"type": "text-start", "id": "2"},
        {"type": "text-delta", "id": "2", "delta": "There are"},
        {"type": "text-delta", "id": "2", "delta": " two."},
        {"type": "text-end", "id": "2"},
        {"type": "finish-step"},
        {"type": "finish", "finishReason": "stop"},
    ]


def test_a_failed_tool_says_why_in_words() -> None:
    output = {"ok": False, "say": "That day is full."}
    client = Client().read(tell([RUN, tool("1.0", "started"), tool("1.0", "failed", output=output)]))
    assert client.parts[-1]["error"] == "That day is full."
    silent = Client().read(tell([RUN, tool("1.0", "started"), tool("1.0", "failed")]))
    assert silent.parts[-1]["error"] == "That did not work."


def test_a_handoff_is_a_data_part() -> None:
    log = [RUN, tool("1.0", "started"), tool("1.0", "done"), ("handoff", {"from": "Grace", "to": "Ben"}), tok("Hi")]
    client = Client().read(tell(log))
    assert [part["type"] for part in client.parts] == ["step-start", "tool-look", "handoff", "step-start", "text"]
    assert client.parts[2] == {"type": "handoff", "from": "Grace", "to": "Ben"}


def test_an_error_ends_the_text_before_it_reaches_the_reader() -> None:
    error = ("error", {"code": "too_slow", "message": "Please try again.", "retryable": True})
    assert tell([RUN, tok("So"), error, done("error")])[-4:] == [
        {"type": "text-end", "id": "1"},
        {"type": "error", "errorText": "Please try again."},
        {"type": "finish-step"},
        {"type": "finish", "finishReason": "error"},
    ]


def test_every_reason_is_one_that_the_client_knows() -> None:
    reasons = {reason: tell([RUN, done(reason)])[-1]["finishReason"] for reason in ("stop", "stopped", "handoff")}
    assert reasons == {"stop": "stop", "stopped": "other", "handoff": "other"}
    assert tell([RUN, tok("So"), done("length")])[-1]["finishReason"] == "length"


def test_a_run_without_a_word_has_no_step() -> None:
    assert types([RUN, done("stopped")]) == ["start", "finish"]


def test_what_a_reset_leaves_is_told_again() -> None:
    log = [RUN, tok("Kept "), tok("void"), ("reset", {"after": 2}), tok("and new")]
    client = Client().read(tell(log))
    assert "".join(client.texts) == "Kept and new"
    assert client.parts[0] == {"type": "step-start"}


def test_a_reset_keeps_the_tools_of_the_step() -> None:
    log = [
        RUN,
        tok("void"),
        tool("1.0", "started", input={"a": 1}),
        tool("1.0", "done", output={"ok": True, "say": "Yes."}),
        ("reset", {"after": 1}),
        tok("new"),
        done(),
    ]
    client = Client().read(tell(log))
    assert client.texts == ["new"]
    [part] = [part for part in client.parts if part["type"] == "tool-look"]
    assert part["output"] == {"ok": True, "say": "Yes."}


def test_a_reset_without_text_after_it_says_nothing() -> None:
    assert types([RUN, tok("So"), ("reset", {"after": 2})]) == ["start", "start-step", "text-start", "text-delta"]


def test_a_tool_taken_up_again_is_told_once() -> None:
    log = [RUN, tool("1.0", "started"), tool("1.0", "started"), tool("1.0", "done"), tool("1.0", "done"), done()]
    assert types(log).count("tool-input-available") == 1
    assert types(log).count("tool-output-available") == 1


def test_nothing_but_the_dialect_leaves() -> None:
    """An event of a later version is no reason to break today's clients; the visitor's token is not for the page."""
    chunks = tell([RUN, ("mood", {"is": "good"}), tok("So"), done(), tok("late"), done()])
    assert [chunk["type"] for chunk in chunks].count("finish") == 1
    assert chunks[-1]["type"] == "finish"
    assert "secret" not in str(chunks)


words = st.text("ab .\n", min_size=1, max_size=4)


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[Event], list[str], list[str]]:
    """A log as the turn writes it, broken off anywhere; with it the texts and the calls that it amounts to."""
    log: list[Event] = [RUN]
    texts: list[str] = []
    calls: list[str] = []
    for step in range(draw(st.integers(1, 4))):
        boundary = len(log)
        text = ""
        for tokens in draw(st.lists(st.lists(words, max_size=4), min_size=1, max_size=3)):
            if text:
                log.append(("reset", {"after": boundary}))
                boundary = len(log)
            text = "".join(tokens)
            log += [tok(("\n\n" if texts and not n else "") + token) for n, token in enumerate(tokens)]
        texts += [text] if text else []
        for position in range(draw(st.integers(0, 2))):
            call = f"{step}.{position}"
            log += [tool(call, "started", input={}), tool(call, draw(st.sampled_from(["done", "failed"])))]
            calls.append(f"run_1:{call}")
        if log[-1][0] in ("", "reset"):
            break  # a step without a call is the last one
    log.append(done(draw(st.sampled_from(["stop", "stopped", "length", "error", "handoff"]))))
    return log, texts, calls


@given(logs())
def test_the_client_ends_with_what_the_log_amounts_to(told: tuple[list[Event], list[str], list[str]]) -> None:
    log, texts, calls = told
    client = Client().read(tell(log))
    assert client.finished
    assert "".join("".join(client.texts).split()) == "".join("".join(texts).split())
    assert [part["call"] for part in client.parts if "call" in part] == calls
    assert all(part.keys() & {"output", "error"} for part in client.parts if "call" in part)
    for before, after in zip(client.parts, client.parts[1:], strict=False):
        assert not (before["type"].startswith("tool-") and after["type"] == "text"), "a step was not begun"


@given(logs(), st.data())
def test_a_replay_is_the_same_and_every_beginning_is_sound(
    told: tuple[list[Event], list[str], list[str]], data: st.DataObject
) -> None:
    log, _, _ = told
    whole = tell(log)
    beginning = tell(log[: data.draw(st.integers(0, len(log)))])
    assert whole[: len(beginning)] == beginning
    Client().read(beginning)
