"""Ranking: what shares more and rarer words comes first, vectors have their say, and doubt is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.knowledge.core.quoting import LONGEST, quotation
from apps.agents.knowledge.core.ranking import BEST, SURE, Hit, Index, fuse
from apps.agents.knowledge.core.words import language_of, terms, words

term = st.sampled_from(["price", "park", "dog", "color", "late", "refund", "gift", "pool"])
documents = st.lists(st.lists(term, max_size=8), max_size=12)


@given(documents, st.lists(term, max_size=4))
def test_what_every_ranking_keeps(texts: list[list[str]], question: list[str]) -> None:
    hits = Index(texts).search(question, best=100)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.position for hit in hits}) == len(hits)
    for hit in hits:
        shared = set(texts[hit.position]) & set(question)
        assert shared
        assert 0 < hit.coverage <= 1.0001
        assert (hit.coverage > 0.999) == (shared == set(question))
    assert {hit.position for hit in hits} == {n for n, text in enumerate(texts) if set(text) & set(question)}


@given(documents, st.lists(term, min_size=1, max_size=4), term)
def test_the_order_of_the_documents_and_of_the_words_does_not_matter(
    texts: list[list[str]], question: list[str], more: str
) -> None:
    there = {hit.position: hit.score for hit in Index(texts).search(question, best=100)}
    back = Index([text[::-1] for text in texts[::-1]]).search(question[::-1] + question[:1], best=100)
    assert {len(texts) - 1 - hit.position: pytest.approx(hit.score, rel=1e-5) for hit in back} == there


@given(documents, term)
def test_a_rarer_word_says_more(texts: list[list[str]], rare: str) -> None:
    texts = [[one for one in text if one != rare] + ["common"] for text in texts]
    index = Index([["common", "filler"], [rare, "filler"], ["common"], *texts])
    scores = {hit.position: hit.score for hit in index.search(["common", rare], best=100)}
    assert scores[1] > scores[0]


@given(st.lists(st.lists(st.integers(0, 20), unique=True), max_size=4))
def test_fusion_prefers_what_all_agree_on(rankings: list[list[int]]) -> None:
    fused = fuse(rankings)
    assert {item for item, _ in fused} == {item for ranking in rankings for item in ranking}
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)
    if rankings and all(ranking and ranking[0] == rankings[0][0] for ranking in rankings):
        assert fused[0][0] == rankings[0][0]


def test_a_vector_finds_what_no_word_does() -> None:
    east, north = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    index = Index([["cat"], ["dog"], ["bird"]], [east, north, None])
    assert index.search(["feline"]) == []
    found = index.search(["feline"], np.array([0.9, 0.1], np.float32))
    assert found[0].position == 0
    assert found[0].is_sure
    assert found[0].coverage == 0
    assert 2 not in {hit.position for hit in found}


def test_words_and_meaning_together_beat_either() -> None:
    vectors = [np.array(v, np.float32) for v in ([1, 0], [0.8, 0.6], [0, 1])]
    found = Index([["fee"], ["price", "cut"], ["price"]], vectors).search(["price", "cut"], vectors[1])
    assert found[0].position == 1


@pytest.mark.parametrize("size", [0, 3])
def test_vectors_of_another_length_are_not_compared(size: int) -> None:
    index = Index([["cat"]], [np.ones(2, np.float32)])
    assert index.search(["cat"], np.ones(size, np.float32))[0].cosine is None


def test_nothing_is_found_in_nothing() -> None:
    assert Index([]).search(["price"]) == []
    assert Index([["price"]]).search([]) == []
    assert Index([[], []]).search(["price"], np.ones(3, np.float32)) == []


def test_no_more_than_four() -> None:
    assert len(Index([["price"]] * 9).search(["price"])) == BEST


def test_half_a_question_leaves_doubt() -> None:
    index = Index([["gift", "card"], ["card", "terminal"]])
    assert Hit(0, 1.0, SURE).is_sure
    assert not Hit(0, 1.0, SURE - 0.01).is_sure
    assert not any(hit.is_sure for hit in index.search(["unicorn", "saddle", "card"]))


def test_a_slip_of_the_finger_is_forgiven() -> None:
    found = Index([["appoint"], ["cancel", "fee"]]).search(["cancelx"])
    assert [hit.position for hit in found] == [1]
    assert found[0].coverage == pytest.approx(0.7)
    assert Index([["park"]]).search(["perk"]) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("How much are the HAIRCUTS?", ["haircut"]),
        ("e-mail, email; Wi-Fi or wifi", ["email", "email", "wifi", "wifi"]),
        ("check-in at 3pm costs $1,200.50", ["check", "3", "pm", "cost", "1200", "50"]),
        ("Café crème’s naïveté", ["cafe", "creme", "naivet"]),
        ("what's the dogs' price", ["dog", "price"]),
        ("", []),
    ],
)
def test_words_as_they_are_compared(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_each_language_has_its_own_stems() -> None:
    assert terms("Die Preise der Haarschnitte", language_of("de-DE"))[1] == terms("Preis", "german")[0]
    assert language_of("xx") == language_of("") == language_of("en_GB") == "english"


@given(st.text())
def test_no_text_at_all_breaks_the_words(text: str) -> None:
    assert all(word == word.casefold() and word for word in words(text) if word.isascii())
    assert len(terms(text)) <= len(words(text))


def test_a_quotation_is_the_sentence_that_answers() -> None:
    text = "Prices\nA cut is forty dollars. Color is from eighty dollars. We open at nine."
    assert quotation(text, terms("what does color cost"), headings=("Prices",)).startswith("Color is from eighty")
    assert quotation("Prices", terms("price"), headings=("Prices",)) == "Prices"


@given(st.text(max_size=900), st.lists(term))
def test_a_quotation_is_short_enough_to_be_said(text: str, question: list[str]) -> None:
    assert len(quotation(text, question)) <= LONGEST + 2
