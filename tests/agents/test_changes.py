"""What is shown of a change is the change, and what two editors did is joined without a loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.core.changes import lines, words
from apps.agents.core.merging import merge

pytestmark = pytest.mark.once

TEXT = st.text(alphabet="ab cé.,\t", max_size=40)
LINES = st.lists(st.sampled_from(["a b c d", "a b c e", "x", "", "+x", "@@", "be kind and be brief"]), max_size=20)
NAMES = ("greeting", "tools", "voice")
VALUES = st.fixed_dictionaries({name: st.integers(0, 2) for name in NAMES})


@given(TEXT, TEXT)
def test_words_are_both_texts(before: str, after: str) -> None:
    spans = words(before, after)
    assert "".join(span.text for span in spans if span.kind != "added") == before
    assert "".join(span.text for span in spans if span.kind != "removed") == after
    assert (before == after) == all(span.kind == "same" for span in spans)


@given(LINES, LINES)
def test_lines_are_both_texts_where_they_differ(before: list[str], after: list[str]) -> None:
    found = lines("\n".join(before), "\n".join(after))
    old, new = "\n".join(before).splitlines(), "\n".join(after).splitlines()
    assert bool(found) == (old != new)
    added = sum(line.kind == "added" for line in found)
    removed = sum(line.kind == "removed" for line in found)
    assert added - removed == len(new) - len(old)
    for line in found:
        if line.kind == "changed":
            assert "".join(span.text for span in line.spans if span.kind != "added") in old
            assert "".join(span.text for span in line.spans if span.kind != "removed") in new


def test_a_changed_line_shows_its_words_and_a_new_one_is_new() -> None:
    [changed] = lines("Be kind and brief.", "Be kind and long.")
    assert [(span.kind, span.text) for span in changed.spans][1:3] == [("removed", "brief"), ("added", "long")]
    assert [line.kind for line in lines("Be kind.", "Call us at once!")] == ["removed", "added"]


def test_equal_lines_far_from_a_change_are_a_gap() -> None:
    before = [f"line {n}" for n in range(30)]
    after = [*before[:15], "here", *before[15:]]
    assert [line.kind for line in lines("\n".join(before), "\n".join(after))] == [
        "gap", "same", "same", "same", "added", "same", "same", "same", "gap",
    ]  # fmt: skip


@given(VALUES, VALUES, VALUES)
def test_nothing_of_mine_is_lost_and_nothing_of_theirs_without_a_word(
    base: dict[str, int], mine: dict[str, int], theirs: dict[str, int]
) -> None:
    merged = merge(base, mine, theirs, NAMES)
    for name in NAMES:
        if mine[name] != base[name]:
            assert merged.values[name] == mine[name]
        elif theirs[name] != base[name]:
            assert merged.values[name] == theirs[name]
            assert name in merged.taken
        disputed = len({base[name], mine[name], theirs[name]}) == 3
        assert (name in merged.disputed) == disputed


@given(VALUES, VALUES)
def test_without_a_base_every_difference_is_for_a_person(mine: dict[str, int], theirs: dict[str, int]) -> None:
    merged = merge({}, mine, theirs, NAMES)
    assert merged.values == mine
    assert set(merged.disputed) == {name for name in NAMES if mine[name] != theirs[name]}
