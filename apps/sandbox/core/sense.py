"""What one sentence of the visitor asks for, beside the tool that its words fit best."""

import re

from .acts import Act, acts
from .lexicon import ACTIONS, READING_VERBS
from .match import STRONG, Match
from .schema import HANDOFF_PREFIX
from .state import State
from .words import concepts, humanize

_WONDERS = re.compile(r"^\W*(?:(?:and|so|but|ok|okay)\W+)*(?:what|where|who|why|how|which|when)\b", re.I)
_INSTEAD = re.compile(r"\binstead\b|\b(?:make|do) it\b|\b(?:day|week|hour)s? (?:later|earlier)\b", re.I)


def moves_what_was_booked(state: State, sentence: str) -> bool:
    """ "Can we do Friday instead?", after something was booked."""
    if state.goals or not _INSTEAD.search(sentence):
        return False
    # The tool that booked may be a colleague's, of which only the name is known here.
    done = [humanize(result.tool) for _, result in state.results if result.ok]
    return any(
        name.split()[0] not in READING_VERBS and concepts(name) & {"@book", "@appointment"}
        for name in done
        if not name.startswith(humanize(HANDOFF_PREFIX))
    )


def is_for_others(state: State, sentence: str, best: Match | None) -> bool:
    """Whether the visitor wants done what only a colleague does: then an open question does not hold them."""
    wanted = concepts(sentence) & set(ACTIONS)
    if best is None or not best.tool.is_handoff or not wanted or not acts(sentence) & (Act.QUESTION | Act.WISH):
        return False
    return not any(wanted & tool.does for tool in state.tools if not tool.is_handoff)


def only_tells(sentence: str, best: Match) -> bool:
    """Whether a sentence among others asks for nothing: "We are a team of twelve"."""
    return best.tool.reads and best.score < STRONG and not acts(sentence) & (Act.QUESTION | Act.WISH)


def only_wonders(sentence: str, best: Match) -> bool:
    """Whether a question that names no deed would change something: "Where is the water turned off?"."""
    if best.tool.reads or best.tool.is_handoff or best.tool.brings_people or not _WONDERS.search(sentence):
        return False
    return not acts(sentence) & Act.WISH and not concepts(sentence) & set(ACTIONS)


def only_angry(sentence: str) -> bool:
    """Whether it vents, and neither asks nor wishes."""
    said = acts(sentence)
    return Act.ANGRY in said and not said & (Act.QUESTION | Act.WISH)
