"""What one delta costs a viewer of the floor: `python -m bench.floor_page`, beside drawing the whole page anew.

40 events (turns, calls, agents, figures) on a busy floor with a call open, from the reducer to the finished layout, in
Chromium 1280 px wide. The peer has no reducer to run: it makes the same page's elements and lays them out.
"""

import os
import time
from statistics import median

ROUNDS, EVENTS = 40, 40

DRAW = """async (batches) => {
    const { floor } = await import(document.querySelector("script[src$='page.js']").src);
    const { reduce } = await import("/static/dashboard/reducer.js");
    const timed = (work) => {
        const began = performance.now();
        work();
        document.body.offsetHeight; // the layout, too
        return performance.now() - began;
    };
    const ours = batches.map((events) => timed(() => {
        floor.show(reduce(floor.state, events));
        floor.draw();
    }));
    const page = document.body.cloneNode(true);
    const anew = batches.map(() => timed(() => document.body.replaceChildren(...page.cloneNode(true).childNodes)));
    return { ours, anew };
}"""


def measured() -> dict[str, list[float]]:
    """Milliseconds of each round."""
    from tests.e2e.floor import scenes
    from tests.e2e.floor.conftest import agent_of, opened, talking, tile
    from tests.e2e.floor.stub import busy_line, serving_stub
    from tests.e2e.widget_stub.browser import launched_browser

    with serving_stub() as stub, launched_browser() as browser, opened(browser, stub) as page:
        line = busy_line(stub)
        tile(page, agent_of(line, talking(line))["name"]).click()
        page.locator("#drawer-close").wait_for()
        batches = [scenes.churn(line.state, time.time(), EVENTS, str(number)) for number in range(ROUNDS)]
        times: dict[str, list[float]] = page.evaluate(DRAW, batches)
    return times


if __name__ == "__main__":
    os.environ.update(DJANGO_SETTINGS_MODULE="callsphere.settings", DEBUG="1")
    import django

    django.setup()
    rows = measured()
    print(f"{EVENTS} events, {ROUNDS} rounds      quickest quarter   median  slowest")
    for name, times in (("one delta", rows["ours"]), ("the page anew", rows["anew"])):
        print(f"{name:<28} {sorted(times)[len(times) // 4]:>10.1f} ms {median(times):>5.1f} ms {max(times):>5.1f} ms")
    print(f"ratio of the medians: {median(rows['ours']) / median(rows['anew']):.2f}")
