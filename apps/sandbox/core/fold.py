"""Folding the events of a request into the state of the dialogue."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from .acts import Act, acts
from .binding import similar_option
from .declined import without_declined
from .handover import elsewhere, errand_of, taken_over_at
from .history import Event, Heard, Result, Spoke
from .match import STRONG, THRESHOLD, Matcher
from .mentions import Mention, read_mentions, without_values
from .names import named
from .offers import Item, Wish, choose, items, names_item, points_at_one, shared, spread
from .privacy import asks_about_others
from .questions import ANYTHING_ELSE, asked, is_open_question
from .schema import HANDOFF_PREFIX, NAME_KINDS, Kind, Tool
from .segments import sentences
from .sense import is_for_others, moves_what_was_booked, only_angry, only_tells, only_wonders
from .state import OFFERED, Goal, State
from .times import find_window
from .verdict import taker_of, verdict
from .words import content, stem, words


def build_state(events: Sequence[Event], tools: list[Tool], today: date, *, day_first: bool = False) -> State:
    """Fold the events of a request into the state before the next reply."""
    state = State(tools, today, Matcher(tools))
    known = [a for t in tools for a in t.arguments]
    taken_over = taken_over_at(events)
    state.was_handed = taken_over >= 0
    for at, event in enumerate(events):
        if at == taken_over:
            if isinstance(event, Heard):
                _point_at(state, event.text, at)
            state.goals.clear()
            state.listed, state.slots, state.slot = [], [], None
        if isinstance(event, Heard):
            _hear(state, event.text, at, day_first)
        elif isinstance(event, Result):
            state.results.append((at, event))
            _learn(state, event, at)
            if event.tool.startswith(HANDOFF_PREFIX) and at > taken_over >= 0:
                _take_over(state, taken_over)
        elif isinstance(event, Spoke):
            state.asked = asked(event.text, known)
            state.taker = taker_of(event.text, state.results[-1][1] if state.results else None, tools)
            state.asked_before |= state.asked.kinds
            if "?" not in event.text or ANYTHING_ELSE in event.text:
                state.goals.clear()
    return state


def _hear(state: State, text: str, at: int, day_first: bool) -> None:
    state.heard.append((at, text))
    state.act = acts(text)
    found = read_mentions(text, at, state.today, state.asked, day_first=day_first)
    state.mentions += found
    if state.asked.register and state.act & (Act.YES | Act.NO):
        state.wants_new, state.refused_new = Act.NO not in state.act, Act.NO in state.act
    if state.act & Act.NEW_HERE:
        state.wants_new = True
    _drop(state, text)
    before = [g.tool.name for g in state.goals]
    decided = _decide(state, text, at)
    answered = decided or (bool(state.asked) and _answers(state, found))
    _forget_other_person(state, found)
    _wish_times(state, text, found)
    chosen = _pick(state, text, found)
    state.private = asks_about_others(text)
    if state.private:
        state.goals.clear()
    elif not chosen and not decided and not state.act & (Act.WHO_ARE_YOU | Act.WHAT_CAN_YOU_DO):
        _set_goals(state, text, at, found, answered)
        _keep_wish(state, found, at)
    state.spoken_for = {g.tool.name for g in state.goals}
    changed = [g.tool.name for g in state.goals] != before
    placed = changed or answered or chosen or bool(found) or state.dropped
    if (
        not placed
        and state.goals
        and content(text)
        and not state.act & (Act.QUESTION | Act.NO | Act.THANKS | Act.ANGRY)
    ):
        state.unplaced.append(text.strip(" .!"))
        placed = state.wants_text()
    state.understood = placed


def _decide(state: State, text: str, at: int) -> bool:
    """Take a yes or no as the answer to the question that a tool has asked."""
    said = verdict(text) if state.taker else None
    if state.taker is None or said is None:
        return False
    tool, argument = state.taker
    state.mentions.append(Mention(Kind.FLAG, int(said), at, label=argument.name))
    state.goals[:] = [Goal(tool, at)]
    return True


def _take_over(state: State, at: int) -> None:
    """Begin what this agent is for, when it was handed a matter that none of its tools names."""
    if not state.goals and not state.private and (errand := errand_of(state.tools)):
        state.goals[:] = [Goal(errand, at)]


def _drop(state: State, text: str) -> None:
    """Leave the errand when the visitor says so: "never mind", "don't cancel it", no to "Shall I cancel it?"."""
    _, declined = without_declined(text)
    goal = state.goal
    refused = goal and (
        declined & goal.tool.does
        or (state.asked.confirm and goal.tool.undoes and Act.NO in state.act and Act.YES not in state.act)
    )
    state.dropped = bool(state.goals and (state.act & Act.NEVER_MIND or refused))
    leaves = Act.GOODBYE in state.act and not state.said_values() and len(words(text)) <= 8
    if state.dropped or leaves:
        state.goals.clear()


def _forget_other_person(state: State, found: list[Mention]) -> None:
    """Ids belong to the person they were looked up for: a whole other name makes them void."""
    for kind in (Kind.FIRST_NAME, Kind.LAST_NAME):
        if not any(m.kind is kind for m in found):
            return
    earlier = {(m.kind, str(m.value).lower()) for m in state.mentions[: len(state.mentions) - len(found)]}
    if any((m.kind, str(m.value).lower()) not in earlier for m in found if m.kind in NAME_KINDS):
        for key in state.identity:
            state.facts.pop(key, None)


def _answers(state: State, found: list[Mention]) -> bool:
    kinds = {m.kind for m in found}
    labels = {m.label for m in found}
    wanted = state.asked
    if (wanted.confirm or wanted.register or wanted.choice) and state.act & (Act.YES | Act.NO | Act.ANYONE):
        return True
    return bool(kinds & wanted.kinds) or any(a.name in labels for a in wanted.arguments)


def _set_goals(state: State, text: str, at: int, found: list[Mention], answered: bool) -> None:
    """Name new goals: a question is put on top of an open errand, another errand replaces it."""
    dated = any(m.kind in (Kind.DATE, Kind.TIME) for m in found)
    bar = STRONG if state.goals and (answered or state.asked) else THRESHOLD
    questions: dict[str, Goal] = {}
    asides: dict[str, Goal] = {}
    state.unanswered = False
    parts = sentences(text)
    for sentence in parts:
        wanted, _ = without_declined(_without_identity(without_values(sentence), found))
        wanted = f"reschedule {wanted}" if dated and moves_what_was_booked(state, sentence) else wanted
        best = next(iter(state.matcher.rank(wanted, dated=dated, own=state.own_names())), None)
        needed = STRONG if only_angry(sentence) else THRESHOLD if is_for_others(state, wanted, best) else bar
        low = best is None or best.score < needed or (len(parts) > 1 and only_tells(sentence, best))
        low |= best is not None and not dated and only_wonders(wanted, best)
        low |= Act.HUMAN in acts(sentence) and best is not None and not best.tool.brings_people
        if best is None or low:
            if about := _about_named(state, sentence):
                questions[about.name] = Goal(about, at, words=sentence)
            elif not (state.goals or questions) and (
                other := elsewhere(state.tools, sentence, handed=state.was_handed)
            ):
                questions[other.name] = Goal(other, at, words=sentence)
            else:
                state.unanswered |= not found and is_open_question(sentence)
            continue
        if best.tool.reads:
            tool = _of_many(state, best.tool, sentence)
            questions[tool.name] = Goal(tool, at, words=sentence if len(parts) > 1 else "")
            if Act.QUESTION in acts(sentence) and not (tool.returned or tool.lists_slots):
                asides[tool.name] = questions[tool.name]
        elif not state.goals or state.goals[0].tool != best.tool:
            state.goals[:] = [Goal(best.tool, at)]
            state.slots, state.slot, state.window = [], None, find_window(text)
    if not state.goals and not questions and (booking := _implied(state, text, dated)):
        state.goals[:] = [Goal(booking, at)]
        state.slots, state.slot, state.window = [], None, find_window(text)
        state.unplaced += [matter] if (matter := _matter(text)) else []
    errands = {g.tool.name for g in state.goals}
    if questions and not errands & questions.keys():
        # An errand named in the same breath swallows questions that only serve it.
        errand_now = state.goals and state.goals[-1].since == at
        state.goals[:] = [g for g in state.goals if not g.tool.reads]
        state.goals += reversed((asides if errand_now else questions).values())


def _keep_wish(state: State, found: list[Mention], at: int) -> None:
    """ "Are you open on Saturday?", in the middle of a booking, says nothing about the day that is wished for."""
    errand = state.goals[0] if state.goals else None
    aside = state.goal
    if errand is None or aside is None or errand.since == at or aside.since != at:
        return
    if aside.tool.lists_slots or any(a.kind in (Kind.DATE, Kind.TIME) for a in aside.tool.arguments):
        return
    dated = [m for m in found if m.kind in (Kind.DATE, Kind.TIME)]
    state.mentions[:] = [replace(m, role="source") if m in dated else m for m in state.mentions]


def _without_identity(text: str, found: list[Mention]) -> str:
    """`text` without who the speaker is: the name of a person or company asks for nothing."""
    for mention in found:
        if mention.kind in (*NAME_KINDS, Kind.COMPANY):
            text = re.sub(rf"\b{re.escape(str(mention.value))}", " ", text, flags=re.I)
    return text


def _about_named(state: State, sentence: str) -> Tool | None:
    """The tool that tells about one, for a question about somebody or something by name."""
    if not (is_open_question(sentence) and named(without_values(sentence), state.own_names())):
        return None
    return next((t for t in state.tools if t.names_one), None)


def _of_many(state: State, tool: Tool, sentence: str) -> Tool:
    """The tool that lists them all, when the one that tells about one is meant and none is named."""
    at_hand = any(a.kind is Kind.ID and a.key in state.facts for a in tool.arguments) and state.refers_back()
    if not tool.names_one or at_hand or named(sentence, state.own_names()):
        return tool
    lists = [t for t in state.tools if t.reads and not t.names_one and not t.lists_slots and not t.required]
    return next((t for t in lists if t.returned[:1] == tool.returned[:1]), tool)


def _matter(text: str) -> str:
    """The sentence that says what it is about, without dates, names and courtesies."""
    told = [without_values(s) for s in sentences(text)]
    best = max(told, key=lambda s: len(content(s)))
    if not content(best):
        return ""
    parts = [p.strip(" .!?") for p in best.split(",")]
    return re.sub(r"\W*\bplease\b\W*", "", max(parts, key=lambda p: len(content(p)))).strip()


def _implied(state: State, text: str, dated: bool) -> Tool | None:
    """The tool that books, when the visitor names a matter that it knows ("knee hurts") or a matter and a day."""
    booking = state.booking_tool()
    matter = content(without_declined(without_values(text))[0])
    if booking is None or state.act & (Act.NEVER_MIND | Act.ANGRY) or state.asked:
        return None
    said = {m.kind for m in state.mentions if m.turn == state.heard[-1][0]}
    wrote = any((t := state.tool(r.tool)) and not t.reads for _, r in state.results)
    if not matter:
        # A day and a time by themselves are a wish, unless they may correct what was just done.
        plain = {Kind.DATE, Kind.TIME} <= said and Act.QUESTION not in state.act
        return booking if plain and not wrote else None
    known = any(similar_option(a, text) for t in state.tools if t.lists_slots for a in t.arguments if a.options)
    # A question with a day in it is a wish only when the day is all that is asked ("knee hurts. tomorrow?").
    last = sentences(text)[-1]
    asks = Act.QUESTION in state.act and bool(content(without_values(last)))
    return booking if known and not asks and (dated or Act.QUESTION not in state.act) else None


def _wish_times(state: State, text: str, found: list[Mention]) -> None:
    window = find_window(text)
    if window:
        state.window = window
    elif any(m.kind is Kind.TIME for m in found):
        state.window = None


def _pick(state: State, text: str, found: list[Mention]) -> bool:
    """Let the visitor's words choose among what was offered; a new wish undoes an earlier choice."""
    picked = False
    if state.slots:
        fresh = [m for m in found if m.kind in (Kind.DATE, Kind.TIME)]
        if fresh:
            state.slot = None
        shown = spread(state.fitting_slots() or state.slots, OFFERED)
        slot = _chosen_slot(state, shown, text, fresh)
        if slot or (state.asked.choice and not state.goals and (found or state.act & Act.YES)):
            state.slot, picked = slot, slot is not None
            _book_offered(state)
    if state.listed and not picked:
        _point_at(state, text, state.heard[-1][0])
    if state.listed and state.asked.choice and not picked:
        mine = [m for m in found if m.kind in (Kind.DATE, Kind.TIME)]
        names = frozenset(stem(n) for n in state.own_names())
        left = choose(state.listed, Wish(text, names=names, may_pick=True))
        by_words = len(left) == 1
        if not by_words:
            dates = tuple((str(m.value), m.until or str(m.value)) for m in mine if m.kind is Kind.DATE)
            times = tuple((str(m.value), m.sure) for m in mine if m.kind is Kind.TIME)
            left = choose(state.listed, Wish(text, dates, times, names))
        if len(left) == 1:
            # Saying which one is meant says nothing about the time that is wished for.
            if not by_words:
                state.mentions[:] = [replace(m, role="source") if m in mine else m for m in state.mentions]
            _settle(state, left[0], state.listed_at)
            _mark_named(state, left[0])
            state.listed, picked = [], True
    return picked


def _book_offered(state: State) -> None:
    """Choosing a free time that was only asked about is a wish to have it."""
    booking = state.booking_tool()
    if booking and not state.goals and state.asked.choice:
        state.goals[:] = [Goal(booking, state.slots_since)]


def _point_at(state: State, text: str, at: int) -> None:
    """Take "the second one" of a list that was merely told as the thing spoken of from here on."""
    if state.asked.choice or not state.listed:
        return
    left = choose(state.listed, Wish(text, names=frozenset(stem(n) for n in state.own_names()), may_pick=True))
    if len(left) == 1 < len(state.listed):
        _settle(state, left[0], at)
        _mark_named(state, left[0])


def _mark_named(state: State, item: Item) -> None:
    """Remember by its ids that the visitor said which one they mean."""
    state.named |= {str(v) for k, v in item.items() if k.endswith("_id")}


def _chosen_slot(state: State, shown: list[Item], text: str, fresh: list[Mention]) -> Item | None:
    fresh_date = bool(fresh) and not state.fitting_slots()
    if any(m.kind is Kind.TIME for m in fresh):
        fitting = state.fitting_slots()
        return fitting[0] if fitting else None
    # Whoever was told the times and asked for something else may still answer with "the first one".
    points = state.asked.choice or points_at_one(text)
    if not points or fresh_date or is_open_question(text):
        return None
    left = choose(shown, Wish(text, state.wish().dates if state.wish_dates() else (), may_pick=True))
    if len(left) == 1 and len(shown) > 1:
        return left[0]
    return shown[0] if len(shown) == 1 and state.act & Act.YES and Act.NO not in state.act else None


def _settle(state: State, item: Item, at: int) -> None:
    for key, value in item.items():
        state.facts[key] = (value, at)


def _learn(state: State, result: Result, at: int) -> None:
    """Take the ids and lists of a result into the state, and close the goal that it fulfills."""
    tool = state.tool(result.tool)
    found = items(result.data)
    timed = [i for i in found if i.get("time")]
    writes = tool is not None and not tool.reads
    if writes and not result.ok:
        # The time that was refused is no longer wished for.
        state.slot = None
        state.mentions[:] = [m for m in state.mentions if m.kind is not Kind.TIME]
    if timed and (not result.ok or (tool is not None and tool.lists_slots)):
        state.slots, state.slot = sorted(timed, key=lambda i: (str(i.get("date", "")), i["time"])), None
        state.slots_since = state.since
        _settle(state, shared(timed), at)
        for key in ("date", "time"):
            state.facts.pop(key, None)
        _pick_at_once(state)
    elif found and result.ok:
        _take(state, found, at)
        state.take_together(result.data, at)
    if tool and result.ok and tool.identifies:
        state.identity |= {k for k in shared(found) if k in tool.returns}
    if writes and result.ok and any(k.endswith("_id") for i in found for k in i):
        state.registered = state.registered or bool(state.wants_new)
    _close(state, result, tool)


def _take(state: State, found: list[Item], at: int) -> None:
    wish = state.wish(existing=True, may_pick=bool(state.act & Act.ANYONE))
    left = choose(found, wish)
    if len(left) == 1 and (len(found) > 1 or names_item(left[0], wish)):
        _mark_named(state, left[0])
    _settle(state, left[0] if len(left) == 1 else shared(found), at)
    if len(left) == 1:
        state.listed = []
        return
    for key in {k for i in found for k in i} - shared(found).keys():
        state.facts.pop(key, None)
    state.listed, state.listed_at, state.narrowed = left, at, len(left) < len(found)


def _pick_at_once(state: State) -> None:
    """A time that the visitor already named, or left to us, needs no further question."""
    fitting = state.fitting_slots()
    if (state.wish().times and fitting) or (state.act & Act.ANYONE and fitting):
        state.slot = fitting[0]


def _close(state: State, result: Result, tool: Tool | None) -> None:
    for goal in [g for g in state.goals if g.tool.name == result.tool]:
        if result.ok or (tool and tool.reads and not result.field):
            state.goals.remove(goal)
        else:
            goal.failures += 1
