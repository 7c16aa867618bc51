"""What the page knows and when it says "live", in Chromium: the reducer against Python's, the feed, the clocks."""

import json
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from apps.dashboard.core import events as view
from apps.dashboard.core.state import reduce
from tests.e2e.floor import scenes
from tests.e2e.floor.stub import Stub

pytestmark = [pytest.mark.browser, pytest.mark.once]

NOW = 1_796_000_000.0
STORIES = 40
EVENTS = 120


@pytest.fixture(scope="module")
def bare(browser: Browser, stub_process: Stub) -> Iterator[Page]:
    """A page of the floor's origin that only lends its modules."""
    page = browser.new_page()
    page.route(
        "**/bare", lambda route: route.fulfill(body="<!doctype html><title>bare</title>", content_type="text/html")
    )
    page.goto(f"{stub_process.origin}/bare")
    yield page
    page.close()


def story(seed: int) -> tuple[view.State, list[Any]]:
    """A floor, and events of every kind, some for what is not there, some twice, out of order."""
    chance = random.Random(seed)
    state = msgspec.convert(scenes.busy(NOW), view.State)
    calls, agents = [*state.calls, "dlc_new", "dlc_gone"], [*state.agents, "tag_new"]
    some_call = next(iter(state.calls.values()))
    plain = {name: getattr(some_call, name) for name in view.Call.__struct_fields__}
    some_agent = next(iter(state.agents.values()))
    some_campaign = next(iter(state.campaigns.values()))

    def one() -> Any:
        call, agent, number = chance.choice(calls), chance.choice(agents), chance.randrange(1, 16)
        turn = view.Turn(
            number=number,
            role=chance.choice(("visitor", "agent", "supervisor")),
            text=f"No {chance.random()}, “ja” 🙂",
            unheard=chance.choice(("", "and more")),
            agent="outbound",
            at=NOW + number,
        )
        makers: tuple[Any, ...] = (
            lambda: view.TurnAdded(call=call, turn=turn),
            lambda: view.TurnAdded(call=call, turn=turn),
            lambda: view.TurnChanged(call=call, turn=turn),
            lambda: view.TurnRemoved(call=call, number=number),
            lambda: view.TurnsTrimmed(call=call, first=chance.randrange(1, 8)),
            lambda: view.CallChanged(
                call=view.Call(**{**plain, "id": call, "sentiment": chance.choice((None, -0.5, 1.0))})
            ),
            lambda: view.CallRemoved(id=call),
            lambda: view.AgentChanged(agent=msgspec.structs.replace(some_agent, id=agent, dials=number)),
            lambda: view.AgentRemoved(id=agent),
            lambda: view.CampaignChanged(campaign=msgspec.structs.replace(some_campaign, id=f"cmp_{number}")),
            lambda: view.CampaignRemoved(id=f"cmp_{number}"),
            lambda: view.LeadsChanged(leads=view.Leads(total=number, by_status={"new": number})),
            lambda: view.KpisChanged(kpis=msgspec.structs.replace(state.kpis, dials=number)),
            lambda: view.TeamChanged(team=msgspec.structs.replace(state.team, stopped=number % 2 == 0)),
        )
        return chance.choice(makers)()

    happened = [one() for _ in range(EVENTS)]
    happened[60:60] = happened[30:40]
    return state, happened


REDUCE = """async (stories) => {
    const { reduce } = await import("/static/dashboard/reducer.js");
    return stories.map(({ state, events }) => {
        const given = JSON.stringify(state);
        const after = reduce(state, events);
        if (JSON.stringify(state) !== given) throw new Error("it changed what it was given");
        const again = reduce(after, []);
        return { after, same: again.calls === after.calls && again.agents === after.agents };
    });
}"""


def test_the_page_reduces_as_python_does(bare: Page) -> None:
    stories = [story(seed) for seed in range(STORIES)]
    builtins = [msgspec.to_builtins({"state": state, "events": happened}) for state, happened in stories]
    results = bare.evaluate(REDUCE, json.loads(json.dumps(builtins)))
    for (state, happened), result in zip(stories, results, strict=True):
        assert result["after"] == json.loads(msgspec.json.encode(reduce(state, happened)))
        assert result["same"]


def test_every_event_of_python_is_known_to_the_page(bare: Page) -> None:
    handled = bare.evaluate("""async () => (await (await fetch("/static/dashboard/reducer.js")).text())""")
    for kind in view.ViewEvent.__subclasses__():
        assert f"  {kind.__name__}:" in handled


FEED = """async (frames) => {
    const { Feed } = await import("/static/dashboard/feed.js");
    const feed = new Feed();
    return frames.map((frame) => [feed.take(frame), feed.seq, feed.position]);
}"""
STATE: dict[str, Any] = {"agents": {}, "calls": {}, "campaigns": {}}


def test_a_position_has_no_gaps(bare: Page) -> None:
    def delta(begin: int, end: int) -> dict[str, Any]:
        return {"type": "delta", "from": begin, "to": end, "events": [{"type": "AgentRemoved", "id": "x"}]}

    frames = [
        {"type": "fresh", "seq": 7},  # before the snapshot it belongs to nothing
        delta(4, 5),
        {"type": "hello", "epoch": "e1", "seq": 10, "recovered": False},
        {"type": "fresh", "seq": 10},
        {"type": "snapshot", "epoch": "e1", "seq": 10, "state": STATE},
        delta(10, 12),
        delta(10, 12),  # twice
        {"type": "fresh", "seq": 12},
        {"type": "ping", "seq": 12},
        {"type": "ping", "seq": 13},  # the server is ahead
        {"type": "fresh", "seq": 13},
        delta(13, 14),  # one is missing
        delta(11, 13),  # one that overlaps is none of ours
        {"type": "hello", "epoch": "e1", "seq": 12, "recovered": True},
        {"type": "hello", "epoch": "e1", "seq": 14, "recovered": True},
        delta(12, 14),
        {"type": "stale", "since": 1},
        {"type": "hello", "epoch": "e2", "seq": 14, "recovered": True},  # another story
        {"type": "fresh", "seq": 14},
    ]
    results = bare.evaluate(FEED, frames)
    said = [outcome for outcome, _, _ in results]
    assert said[:9] == ["", "", "", "", "whole", "whole", "whole", "whole", ""]
    assert said[9:13] == ["gap", "gap", "gap", "gap"]
    assert said[13:] == ["whole", "", "whole", "", "gap", ""]
    assert results[0][2] == {}
    assert results[16][1:] == [14, {"epoch": "e1", "seq": 14}]
    assert results[-1][2] == {}  # only the whole helps


FRESHNESS = """async (steps) => {
    const { Freshness } = await import("/static/dashboard/freshness.js");
    const clocks = { steady: 50_000, wall: 1_700_000_000_000 };
    const server = 1_796_000_000;
    const freshness = new Freshness(() => ({ ...clocks }));
    return steps.map(([what, value]) => {
        const moves = {
            link: () => (freshness.link = value),
            hello: () => freshness.setClock(server + value),
            hear: () => freshness.hear(server + value),
            lose: () => freshness.lose(),
            expire: () => freshness.expire(server + value),
            pass: () => { clocks.steady += value; clocks.wall += value; },
            sleep: () => { clocks.wall += value; },
            set: () => { clocks.wall += value; },
        };
        moves[what]();
        const { state, age, since } = freshness.view();
        const round = (seconds) => Math.round(seconds * 10) / 10;
        return [state, round(age), since ? round(since - server) : 0, freshness.slept];
    });
}"""


def freshness(bare: Page, *steps: tuple[str, Any]) -> list[Any]:
    return bare.evaluate(FRESHNESS, [list(step) for step in steps])


LIVE = (("link", "opening"), ("link", "open"), ("hello", 0), ("hear", -0.2))


def test_live_only_while_it_is_heard(bare: Page) -> None:
    results = freshness(bare, *LIVE, ("pass", 1_000), ("pass", 1_700), ("pass", 400), ("hear", 3.0))
    assert [state for state, *_ in results] == ["connecting"] * 3 + ["live", "live", "live", "stale", "live"]
    assert results[3][1] == 0.2
    assert results[6][1:3] == [3.3, -0.2]


def test_words_that_come_late_are_not_live(bare: Page) -> None:
    """A line that is three seconds behind is heard each second, and still shows what was."""
    results = freshness(bare, *LIVE, ("pass", 1_000), ("hear", -2.5), ("pass", 1_000), ("hear", -1.5))
    assert results[-1][0] == "live"  # the newest is what counts, and that is 2.2 s old
    results = freshness(bare, *LIVE, ("pass", 9_000), ("hear", 5.0))
    assert results[-1][0] == "stale"


def test_a_sleep_is_noticed_though_the_steady_clock_stood_still(bare: Page) -> None:
    results = freshness(bare, *LIVE, ("sleep", 60_000))
    assert results[-1] == ["stale", 60.2, -0.2, True]
    burst = freshness(bare, *LIVE, ("sleep", 60_000), ("hear", 1.0), ("hear", 2.0))
    assert [state for state, *_ in burst[-2:]] == ["stale", "stale"]  # what waited in the line is no news


def test_a_gap_catches_up_and_a_lost_line_goes_stale(bare: Page) -> None:
    results = freshness(
        bare, *LIVE, ("lose", 0), ("link", "down"), ("pass", 1_000), ("pass", 2_000), ("link", "opening")
    )
    assert [state for state, *_ in results[4:]] == ["catching_up", "catching_up", "catching_up", "stale", "stale"]
    results = freshness(bare, *LIVE, ("pass", 60_000), ("link", "down"), ("link", "open"), ("hello", 60), ("hear", 60))
    assert [state for state, *_ in results[-4:]] == ["stale", "catching_up", "catching_up", "live"]


def test_the_server_says_that_it_does_not_know(bare: Page) -> None:
    results = freshness(bare, *LIVE, ("expire", -0.2), ("pass", 100), ("hear", 0.1))
    assert [state for state, *_ in results[-3:]] == ["stale", "stale", "live"]


def test_a_clock_that_is_set_back_changes_nothing(bare: Page) -> None:
    results = freshness(bare, *LIVE, ("set", -3_600_000), ("pass", 500), ("pass", 3_000))
    assert [state for state, *_ in results[-3:]] == ["live", "live", "stale"]


def test_tries_are_spread_and_grow_to_half_a_minute(bare: Page) -> None:
    waits = bare.evaluate("""async () => {
        const { Backoff } = await import("/static/dashboard/backoff.js");
        const run = (random) => {
            const backoff = new Backoff(() => random);
            const waits = Array.from({ length: 8 }, () => Math.round(backoff.next()));
            backoff.reset();
            return [...waits, Math.round(backoff.next())];
        };
        return [run(0), run(0.5), run(1)];
    }""")
    assert waits[1] == [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 1_000]
    assert waits[0] == [round(wait * 0.8) for wait in waits[1]]
    assert waits[2] == [round(wait * 1.2) for wait in waits[1]]
