"""A decision flow as data: one step at a time, and what was tried is remembered. Pure.

Every step says one thing to do or look at and ends in a question that is answered by yes or no. An answer leads to
another step, or to one of three endings: the problem is solved, a ticket is opened, or a person takes over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SOLVED, TICKET, HUMAN = "solved", "ticket", "human"
ENDINGS = (SOLVED, TICKET, HUMAN)


@dataclass(frozen=True, slots=True)
class Step:
    """`on_yes` and `on_no` are the key of a step or an ending.

    Left empty, yes means solved, and no leads to the step that follows in the list, or after the last to a ticket.
    """

    key: str
    text: str
    on_yes: str = ""
    on_no: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to the step `key`."""

    key: str
    yes: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answers lead: a step to ask next, or an ending; and what was tried on the way, in order."""

    step: Step | None
    ending: str
    tried: tuple[tuple[Step, bool], ...]


def next_of(steps: Sequence[Step], step: Step, *, yes: bool) -> str:
    """The key of the step, or the ending, that an answer to `step` leads to."""
    if yes:
        return step.on_yes or SOLVED
    if step.on_no:
        return step.on_no
    following = steps.index(step) + 1
    return steps[following].key if following < len(steps) else TICKET


def walk(steps: Sequence[Step], answers: Sequence[Answer]) -> Place:
    """Follows the answers from the first step on.

    The flow may have been changed since: from the first answer on that is not to the step reached, answers are not
    counted, and a target that is gone ends in a ticket. So nobody is stuck, and nothing is asked twice.
    """
    by_key: Mapping[str, Step] = {step.key: step for step in steps}
    tried: list[tuple[Step, bool]] = []
    step: Step | None = steps[0] if steps else None
    for answer in answers:
        if step is None or answer.key != step.key:
            break
        tried.append((step, answer.yes))
        target = next_of(steps, step, yes=answer.yes)
        if target in ENDINGS:
            return Place(None, target, tuple(tried))
        step = by_key.get(target)
    return Place(step, "" if step else TICKET, tuple(tried))


def problems(steps: Sequence[Step]) -> list[str]:
    """What keeps the steps from being a flow in which every caller gets to an end, in the owner's words."""
    if not steps:
        return ["A guide needs at least one step."]
    keys = [step.key for step in steps]
    found = [f"Two steps are called “{key}”." for key in dict.fromkeys(keys) if keys.count(key) > 1]
    found += [f"A step cannot be called “{key}”: that is an ending." for key in keys if key in ENDINGS]
    for step in steps:
        found += [
            f"“{step.key}” leads to “{target}”, which is no step."
            for target in (step.on_yes, step.on_no)
            if target and target not in keys and target not in ENDINGS
        ]
    if found:
        return found
    reached = _reached(steps)
    found += [f"Nothing leads to “{key}”." for key in keys if key not in reached]
    return found + [f"“{key}” leads back to itself." for key in keys if _returns(steps, key)]


def _targets(steps: Sequence[Step]) -> dict[str, set[str]]:
    return {step.key: {next_of(steps, step, yes=yes) for yes in (True, False)} - set(ENDINGS) for step in steps}


def _reached(steps: Sequence[Step]) -> set[str]:
    return {steps[0].key} | _from(_targets(steps), steps[0].key)


def _returns(steps: Sequence[Step], key: str) -> bool:
    return key in _from(_targets(steps), key)


def _from(targets: Mapping[str, set[str]], key: str) -> set[str]:
    """Every step that can come after `key`."""
    seen: set[str] = set()
    ahead = list(targets[key])
    while ahead:
        current = ahead.pop()
        if current not in seen:
            seen.add(current)
            ahead += targets[current]
    return seen
