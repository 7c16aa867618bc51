import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.edge.core import verdicts
from apps.edge.core.arrivals import Arrival
from apps.edge.core.probe import Probe
from apps.edge.core.proxies import FIXES, GENERAL, Problem, Proxy, fixes, recognized
from apps.edge.core.verdicts import MAX_ABORT, MAX_HELD, MAX_SILENCE, Echoed, Streamed

pytestmark = pytest.mark.once

GOOD = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache, no-transform"}
PROBE = Probe("p", 20, 0.1)
MADE = [number * 0.1 for number in range(20)]


def streamed(transits: list[float], *, headers: dict[str, str] = GOOD, broken: str = "") -> Streamed:
    """Twenty events, each with its time from the server to us; fewer when the stream was cut."""
    arrivals = [Arrival(made + transit, n) for n, (made, transit) in enumerate(zip(MADE, transits, strict=False), 1)]
    arrivals = [Arrival(a.at, a.number, made) for a, made in zip(arrivals, MADE, strict=False)]
    return Streamed(PROBE, 200, headers, tuple(arrivals), 2.0, broken)


@given(
    st.floats(-1000, 1000),
    st.lists(st.floats(0, MAX_HELD * 0.99), min_size=20, max_size=20),
)
def test_jitter_below_the_limit_is_well_whatever_the_clocks_say(skew: float, jitter: list[float]) -> None:
    assert verdicts.first_token(streamed([skew + late for late in jitter])).ok


@given(st.integers(0, 12), st.floats(-1000, 1000))
def test_a_buffer_over_more_than_half_a_second_is_seen(first: int, skew: float) -> None:
    """Events from `first` on leave together, when the eighth after it is made."""
    last = first + 7
    transits = [skew + (MADE[last] - MADE[n] if first <= n <= last else 0.0) for n in range(20)]
    assert verdicts.first_token(streamed(transits)).problem is Problem.BUFFERED


def test_everything_at_the_end_is_zero_seconds_early() -> None:
    verdict = verdicts.first_token(streamed([2.0 - made for made in MADE]))
    assert verdict.problem is Problem.BUFFERED
    assert "here 0.0 s before the last of 20 was made" in verdict.measured


@pytest.mark.parametrize(("arrived", "problem"), [(0, Problem.BUFFERED), (7, Problem.CUT)])
def test_missing_events(arrived: int, problem: Problem) -> None:
    verdict = verdicts.first_token(streamed([0.0] * arrived, broken="the connection was cut"))
    assert verdict.problem is problem
    assert verdict.measured == f"{arrived} of 20 events arrived; the connection was cut"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"content-encoding": "identity"}, None),
        ({"content-encoding": "gzip"}, Problem.COMPRESSED),
        ({"content-encoding": "br"}, Problem.COMPRESSED),
        ({"content-type": "text/html"}, Problem.REWRITTEN),
        ({"cache-control": "max-age=3600"}, Problem.REWRITTEN),
    ],
)
def test_headers(change: dict[str, str], problem: Problem | None) -> None:
    assert verdicts.headers(streamed([0.0] * 20, headers={**GOOD, **change})).problem is problem


def test_another_status_is_refused() -> None:
    verdict = verdicts.headers(Streamed(PROBE, 502, GOOD))
    assert (verdict.problem, verdict.measured) == (Problem.REFUSED, "status 502 instead of 200")


def quiet(*at: float, events: int = 2) -> Streamed:
    """Events at the first and the last of these times, keep-alives between."""
    first, *between, last = at
    arrivals = [Arrival(first, 1), *map(Arrival, between), *([Arrival(last, 2)] if events == 2 else [])]
    return Streamed(
        Probe("p", 2, 40.0), 200, GOOD, tuple(arrivals), last, "" if events == 2 else "the connection was cut"
    )


def test_idle() -> None:
    assert verdicts.idle(quiet(0, 15, 30, 40)).measured == "lived through 40 s; longest silence 15.0 s"
    assert verdicts.idle(quiet(0, 15, 30, 40)).ok
    held = verdicts.idle(quiet(0, 40))
    assert held.problem is Problem.BUFFERED
    cut = verdicts.idle(quiet(0, 5, events=1))
    assert (cut.problem, cut.measured) == (Problem.CUT, "the connection was cut after 5.0 s of 40")
    assert MAX_SILENCE < 40


@given(st.sampled_from(["unknown", "open", "completed", "aborted"]), st.floats(0, 100))
def test_abort(state: str, after: float) -> None:
    assert verdicts.abort(state, after=after).ok == (state == "aborted" and after <= MAX_ABORT)


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (Echoed(101, 5, 5, 1000), None),
        (Echoed(101, 5, 5, 1006), Problem.CUT),
        (Echoed(101, 5, 2, None, "the connection was cut"), Problem.CUT),
        (Echoed(404), Problem.NO_UPGRADE),
        (Echoed(0, broken="no answer"), Problem.NO_UPGRADE),
    ],
)
def test_websocket(seen: Echoed, problem: Problem | None) -> None:
    assert verdicts.websocket(seen).problem is problem
    assert verdicts.idle_websocket(seen, seconds=9).problem is problem


def test_every_problem_has_a_fix_at_every_proxy() -> None:
    assert set(FIXES) | set(GENERAL) == set(Problem)
    for problem in FIXES:
        assert set(FIXES[problem]) == set(Proxy)
        assert len(fixes(problem, ())) == len(Proxy)
        assert fixes(problem, (Proxy.CADDY,)) == [f"Caddy: {FIXES[problem][Proxy.CADDY]}"]
    assert len(fixes(Problem.REFUSED, ())) == 1


@pytest.mark.parametrize(
    ("headers", "proxies"),
    [
        ({"server": "nginx/1.22.1"}, (Proxy.NGINX,)),
        ({"server": "openresty"}, (Proxy.NGINX,)),
        ({"server": "cloudflare", "via": "1.1 Caddy"}, (Proxy.CADDY, Proxy.CLOUDFLARE)),
        ({"server": "Apache/2.4.71 (Debian)"}, (Proxy.APACHE,)),
        ({"cf-ray": "8", "x-envoy-upstream-service-time": "3"}, (Proxy.ENVOY, Proxy.CLOUDFLARE)),
        ({"server": "uvicorn"}, ()),
        ({}, ()),
    ],
)
def test_proxies_are_recognized(headers: dict[str, str], proxies: tuple[Proxy, ...]) -> None:
    assert recognized(headers) == proxies
