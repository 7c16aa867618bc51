"""Asking the labelled set, and what its answers are worth.

It is asked twice: each trade's questions to its own document, as at a business, and all questions to all documents
together, which is harder. Every second question is held out: nothing was tuned on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import yaml

from apps.agents.knowledge.core.blocks import outlined
from apps.agents.knowledge.core.chunking import pieces
from apps.agents.knowledge.core.ranking import BEST, Floats, Index
from apps.agents.knowledge.core.words import terms
from apps.agents.knowledge.reading import docx, html, pdf
from apps.agents.knowledge.reading.document import Document
from tests.agents.knowledge.forms import DOCUMENTS, FORMS, text_of, uploaded

QUESTIONS = DOCUMENTS.parent / "questions.yaml"
Vectors = Callable[[str], Floats]


@dataclass(frozen=True, slots=True)
class Question:
    """`has` is in every passage that answers it; None when no document does."""

    trade: str
    ask: str
    has: str | None
    held_out: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """`rank` of the first passage that answers, from 1; None when it is not among those found."""

    question: Question
    rank: int | None
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares from 0 to 1 of `answerable` questions with an answer and `unanswerable` ones.

    Attributes:
        recall: with an answer among the passages found.
        mrr: mean of 1 / rank of the first passage that answers.
        answered: found and sure, so that the agent answers.
        declined: of those without an answer, where the agent says that it is not sure.
    """

    answerable: int
    unanswerable: int
    recall: float
    mrr: float
    answered: float
    declined: float


def questions() -> list[Question]:
    """The labelled set."""
    rows = [(trade, row) for trade, own in yaml.safe_load(QUESTIONS.read_text()).items() for row in own]
    return [Question(trade, row["ask"], row.get("has"), n % 2 == 1) for n, (trade, row) in enumerate(rows)]


def quality(answers: Sequence[Answer]) -> Quality:
    known = [answer for answer in answers if answer.question.has is not None]
    unknown = [answer for answer in answers if answer.question.has is None]
    return Quality(
        len(known),
        len(unknown),
        sum(answer.rank is not None for answer in known) / len(known),
        sum(1 / answer.rank for answer in known if answer.rank) / len(known),
        sum(answer.rank is not None and answer.is_sure for answer in known) / len(known),
        sum(not answer.is_sure for answer in unknown) / len(unknown),
    )


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Some documents' pieces, and the index of them."""

    texts: list[str]
    index: Index


def _shelf(trades: Sequence[str], vector: Vectors | None) -> _Shelf:
    texts, words, contexts = [], [], []
    for trade in trades:
        for piece in pieces(_document(trade).blocks):
            texts.append(piece.text)
            words.append(terms(" ".join((trade, *piece.headings, piece.text))))
            contexts.append("\n".join((trade, " > ".join(piece.headings), piece.text)))
    return _Shelf(texts, Index(words, [vector(context) for context in contexts] if vector else ()))


def _document(trade: str) -> Document:
    data, _ = uploaded(trade)
    readers = {"pdf": pdf.read, "docx": docx.read, "html": html.read}
    form = FORMS[trade]
    if form in readers:
        return readers[form](data)
    return Document(outlined(text_of(trade)))


def asked(*, together: bool, vector: Vectors | None = None) -> list[Answer]:
    """What comes of each question, asked to its own trade's document or to all of them together."""
    whole = _shelf(list(FORMS), vector) if together else None
    shelves = {trade: whole or _shelf([trade], vector) for trade in FORMS}
    answers = []
    for question in questions():
        shelf = shelves[question.trade]
        hits = shelf.index.search(terms(question.ask), vector(question.ask) if vector else None, best=BEST)
        found = [
            rank for rank, hit in enumerate(hits, 1) if question.has and question.has in _flat(shelf, hit.position)
        ]
        answers.append(Answer(question, found[0] if found else None, any(hit.is_sure for hit in hits)))
    return answers


def _flat(shelf: _Shelf, position: int) -> str:
    return " ".join(shelf.texts[position].split())
