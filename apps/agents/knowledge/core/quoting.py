"""What of a piece is said aloud: the sentences nearest to the question."""

from collections.abc import Sequence

from apps.agents.knowledge.core.chunking import sentences
from apps.agents.knowledge.core.words import terms

LONGEST = 320
"""Characters of a quotation that is spoken."""


def quotation(text: str, question: Sequence[str], *, headings: Sequence[str] = (), language: str = "english") -> str:
    """The sentence of the piece that shares most terms with the question, and what follows it as far as it fits.

    Headings in the text are left out unless there is nothing else.
    """
    lines = [line for line in text.split("\n") if line not in headings] or text.split("\n")
    found = [sentence for line in lines for sentence in sentences(line)]
    asked = set(question)
    shared = [len(asked & set(terms(sentence, language))) for sentence in found]
    first = shared.index(max(shared)) if shared else 0
    quoted = ""
    for sentence in found[first:]:
        if quoted and len(quoted) + 1 + len(sentence) > LONGEST:
            break
        quoted = f"{quoted} {sentence}".strip()
    return quoted if len(quoted) <= LONGEST else f"{quoted[:LONGEST].rsplit(' ', 1)[0]} …"
