"""Server-sent events: whatever is encoded is read back as it was, and nothing breaks out of its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common import sse


def read(raw: bytes) -> tuple[str, str, str]:
    """(event, id, data) as WHATWG HTML §9.2.6 reads one event."""
    event, identifier, data = "", "", []
    for line in raw.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            event = value
        elif name == "id":
            identifier = value
    return event, identifier, "\n".join(data)


@given(data=st.text(), event=st.from_regex(r"[a-z]{0,8}", fullmatch=True), number=st.integers(1, 10**9))
def test_what_is_encoded_is_read_back(data: str, event: str, number: int) -> None:
    raw = sse.encode(data, event=event or None, id=f"run_x:{number}")
    assert raw.endswith(b"\n\n")
    assert raw.count(b"\n\n") == 1
    assert read(raw) == (event, f"run_x:{number}", data.replace("\r\n", "\n").replace("\r", "\n"))


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b"])
def test_a_name_cannot_break_out_of_its_line(text: str) -> None:
    for field in ("event", "id"):
        with pytest.raises(ValueError, match=field):
            sse.encode("x", **{field: text})  # type: ignore[arg-type]
