"""Pieces: nothing is lost, nothing is too long, what is repeated is the end of the piece before."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.knowledge.core.blocks import Block, outlined
from apps.agents.knowledge.core.chunking import OVERLAP, SIZE, pieces, sentences

words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)
prose = st.lists(st.one_of(words, st.sampled_from(["Dr.", "end.", "A.", "why?", "e.g."])), max_size=200).map(" ".join)
blocks = st.lists(st.builds(Block, text=prose, level=st.sampled_from([0, 0, 0, 1, 2, 3])), max_size=12)


def own(made: list) -> str:
    return "".join("".join(piece.text[piece.repeated :].split()) for piece in made)


@given(blocks)
def test_every_character_is_in_a_piece_and_in_its_order(document: list[Block]) -> None:
    assert own(pieces(document)) == "".join("".join(block.text.split()) for block in document)


@given(blocks, st.integers(60, 400))
def test_no_piece_is_too_long_or_empty(document: list[Block], size: int) -> None:
    for piece in pieces(document, size=size, overlap=size // 5):
        assert 0 < len(piece.text) <= size
        assert 0 <= piece.repeated < len(piece.text)


@given(blocks)
def test_what_is_repeated_is_the_end_of_the_piece_before(document: list[Block]) -> None:
    made = pieces(document)
    for before, piece in pairwise(made):
        repeated = piece.text[: piece.repeated].rstrip()
        assert len(repeated) <= OVERLAP
        assert before.text.endswith(repeated)
        if repeated:
            assert piece.headings == before.headings


@given(st.lists(st.tuples(prose, st.integers(1, 5)), max_size=8))
def test_pages_follow_each_other(parts: list[tuple[str, int]]) -> None:
    ordered = [Block(text, page=page) for text, page in sorted(parts, key=lambda part: part[1])]
    found = [piece.page for piece in pieces(ordered)]
    assert found == sorted(page for page in found if page is not None)
    for piece in pieces(ordered):
        page_text = "".join("".join(block.text.split()) for block in ordered if block.page == piece.page)
        assert "".join(piece.text[piece.repeated :].split()) in page_text


@given(prose)
def test_sentences_are_the_text(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_piece_knows_what_it_stands_under() -> None:
    document = outlined(
        "# Prices\n\n## Cuts\n\nForty dollars.\n\n## Color\n\nEighty dollars.\n\n# Rules\n\nBe on time."
    )
    assert [(piece.text, piece.headings) for piece in pieces(document)] == [
        ("Prices\nCuts\nForty dollars.", ("Prices", "Cuts")),
        ("Color\nEighty dollars.", ("Prices", "Color")),
        ("Rules\nBe on time.", ("Rules",)),
    ]


def test_a_long_text_is_cut_between_sentences_and_repeats_some() -> None:
    text = " ".join(f"This is sentence number {n} of a long and rather dull paragraph." for n in range(30))
    made = pieces([Block(text)])
    assert all(piece.text.startswith("This is") and piece.text.endswith("paragraph.") for piece in made)
    assert all(piece.repeated for piece in made[1:])
    assert all(len(piece.text) > SIZE / 2 for piece in made[:-1])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Ask Dr. Miller. She knows.", 2),
        ("It costs 2.50 dollars. Pay now!", 2),
        ("Bring shoes, e.g. sneakers. Yes?", 2),
        ("No end", 1),
        ("“Really?” Yes.", 2),
    ],
)
def test_where_sentences_end(text: str, count: int) -> None:
    assert len(sentences(text)) == count


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Prices\n======\nTen.", [("Prices", 1), ("Ten.", 0)]),
        ("OPENING HOURS\nAlways.", [("OPENING HOURS", 2), ("Always.", 0)]),
        ("one\ntwo\n\nthree", [("one two", 0), ("three", 0)]),
        ("- a\n- b\n  c\n1. d", [("- a", 0), ("- b c", 0), ("1. d", 0)]),
        ("USA!", [("USA!", 0)]),
        ("### Deep ###", [("Deep", 3)]),
        ("#hashtag", [("#hashtag", 0)]),
    ],
)
def test_how_plain_text_is_outlined(text: str, found: list[tuple[str, int]]) -> None:
    assert [(block.text, block.level) for block in outlined(text)] == found
