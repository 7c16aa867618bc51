"""What a sales manager sees and does on the floor."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.floor.conftest import agent_of, talking, tile
from tests.e2e.floor.stub import LEADS, Line, Stub, busy_line, eventually

pytestmark = [pytest.mark.browser, pytest.mark.once]
GROUPS = ("Outbound 16", "Inbound 8", "Lead follow-up 6", "Appointments 5", "Reception 2")


def plain(call: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"type": "CallChanged", "call": {k: v for k, v in call.items() if k != "turns"} | changes}


def test_thirty_seven_agents_by_word_shape_and_colour(page: Page, line: Line) -> None:
    expect(page.locator(".tile")).to_have_count(37)
    expect(page.locator(".group h3")).to_have_text([re.compile(f"^{group}") for group in GROUPS])
    shapes, colours = set(), set()
    for state in ("talking", "ringing", "dialing", "free", "paused"):
        one = page.locator(f".tile[data-state={state}]").first
        expect(one.locator(".state")).to_have_text(state.title())
        shapes.add(one.locator(".shape path").get_attribute("d"))
        colours.add(one.locator(".state").evaluate("el => getComputedStyle(el).color"))
    assert len(shapes) == len(colours) == 5
    call = talking(line)
    of = tile(page, agent_of(line, call)["name"])
    expect(of).to_contain_text(call["lead"]["name"])
    expect(of).to_contain_text(call["lead"]["company"])
    expect(of.locator(".timer")).to_have_text(re.compile(r"^\d+:\d\d$"))
    expect(page.locator("#simulated")).to_be_visible()
    expect(page.get_by_text("Demo model")).to_be_visible()
    expect(page.locator("#call-count")).to_have_text("20")


def test_a_change_shows_where_it_belongs(page: Page, line: Line) -> None:
    free = next(one for one in line.state["agents"].values() if one["state"] == "free" and one["kind"] == "outbound")
    kept = tile(page, free["name"]).element_handle()
    line.delta([{"type": "AgentChanged", "agent": free | {"state": "paused", "paused": True, "since": time.time()}}])
    expect(tile(page, free["name"])).to_have_attribute("data-state", "paused")
    expect(tile(page, free["name"]).locator(".timer")).to_have_text(re.compile("0:0[0-3]"))
    assert kept.evaluate("el => el.isConnected")  # the same element: focus and selection stay
    expect(page.locator(".chip[data-state=paused] .count")).to_have_text("5")
    kpis = line.state["kpis"] | {"dials": 1_234, "abandon_rate": 0.041}
    leads = {"total": 900, "hot": 100, "warm": 300, "cold": 500, "by_status": {}}
    line.delta([{"type": "KpisChanged", "kpis": kpis}, {"type": "LeadsChanged", "leads": leads}])
    expect(page.locator("[data-kpi=dials] .value")).to_have_text("1,234")
    expect(page.locator("[data-kpi=abandon_rate]")).to_contain_text("above the limit of 3%")
    expect(page.locator("#leads-words")).to_have_text(re.compile("Hot 100.*Warm 300.*Cold 500", re.DOTALL))
    first = page.locator(".leader .name").first
    line.delta([{"type": "AgentChanged", "agent": free | {"appointments": 50}}])
    expect(first).to_have_text(free["name"])
    campaign = line.state["campaigns"]["cmp_1"] | {"done": 62, "waiting": 45}
    line.delta([{"type": "CampaignChanged", "campaign": campaign}])
    expect(page.locator("#campaigns")).to_contain_text("62 of 124 done, 9 on the phone, 45 waiting, 8 skipped")
    line.delta([{"type": "TeamChanged", "team": line.state["team"] | {"stopped": True, "simulated": False}}])
    expect(page.locator("#stopped")).to_be_visible()
    expect(page.locator("#simulated")).to_be_hidden()


def test_search_and_filters_and_their_end(page: Page, line: Line) -> None:
    call = talking(line)
    page.keyboard.press("/")
    for wanted in (
        call["lead"]["name"].lower(),
        agent_of(line, call)["name"],
        call["phone"],
        "(303) 555-01" + call["phone"][-2:],
    ):
        page.locator("#search").fill(wanted)
        expect(tile(page, agent_of(line, call)["name"])).to_be_visible()
        eventually(lambda: page.locator(".tile").count() < 6, "few tiles")
    expect(page.locator("#live-calls")).to_contain_text(call["lead"]["name"])
    page.locator("#search").fill("nobody of this name")
    expect(page.locator("#none-found")).to_be_visible()
    expect(page.locator("#no-calls")).to_have_text("No call matches.")
    expect(page.get_by_role("status")).to_have_text("0 agents, 0 calls found")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".tile")).to_have_count(37)
    page.locator("#kinds").select_option("lead")
    expect(page.locator(".tile")).to_have_count(6)
    page.locator(".chip[data-state=talking]").click()
    expect(page.locator(".chip[data-state=talking]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator(".tile[data-state=talking]")).to_have_count(2)
    page.locator("body").press("Escape")
    expect(page.locator(".tile")).to_have_count(37)


def test_the_keyboard_alone_is_enough(page: Page, line: Line) -> None:
    page.keyboard.press("ArrowDown")
    tiles = page.locator(".tile")
    expect(tiles.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    below, above = page.evaluate("""() => {
        const ends = [document.querySelectorAll(".tile")[1], document.activeElement];
        const [first, now] = ends.map((el) => el.getBoundingClientRect());
        return [now.top - first.top, Math.abs(now.left - first.left)];
    }""")
    assert 0 < below < 120
    assert above < 5
    page.keyboard.press("End")
    expect(tiles.last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer")).to_be_visible()
    expect(page.locator("#drawer-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    expect(tiles.first).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert page.locator(".tile[tabindex='0']").count() == 1


def test_a_transcript_follows_the_words_and_respects_the_reader(page: Page, line: Line) -> None:
    call = talking(line)
    tile(page, agent_of(line, call)["name"]).click()
    log = page.get_by_role("log")
    expect(page.locator("#drawer-title")).to_have_text(call["lead"]["name"])
    expect(log.locator(".turn")).to_have_count(len(call["turns"]))

    def said(number: int, text: str, unheard: str = "", kind: str = "TurnAdded") -> dict[str, Any]:
        turn = {
            "number": number,
            "role": "agent",
            "text": text,
            "unheard": unheard,
            "agent": "outbound",
            "at": time.time(),
        }
        return {"type": kind, "call": call["id"], "turn": turn}

    line.delta([said(20 + n, f"Sentence {n}, and a few more words so that it wraps in its line.") for n in range(14)])
    expect(log.get_by_text("Sentence 13")).to_be_in_viewport()
    line.delta([said(33, "Sentence 13, cut", "and the rest nobody heard", "TurnChanged")])
    expect(log.locator("s")).to_contain_text(["and the rest nobody heard"])
    expect(log.locator("s").last.locator("xpath=preceding-sibling::span")).to_have_text("not heard: ")
    log.evaluate("log => log.scrollTo(0, 0)")
    page.wait_for_timeout(100)
    line.delta([said(50, "This comes while the manager reads.")])
    expect(page.get_by_role("button", name="New words")).to_be_visible()
    assert log.evaluate("log => log.scrollTop") == 0
    page.get_by_role("button", name="New words").click()
    expect(log.get_by_text("This comes while")).to_be_in_viewport()
    line.delta([plain(call, state="ended", ended=time.time(), seconds=83, ending="answered", outcome="interested")])
    expect(page.locator("#drawer-state-words")).to_have_text("Ended")
    expect(page.locator("#drawer-timer")).to_have_text("1:23")
    expect(log.locator(".turn").first).to_be_attached()  # what was said stays
    expect(page.locator("#drawer-facts")).to_contain_text("Interested")


def test_a_command_is_pending_then_done(page: Page, line: Line) -> None:
    free = next(one for one in line.state["agents"].values() if one["state"] == "free")
    tile(page, free["name"]).click()
    expect(page.locator("#drawer-day")).to_contain_text("Today:")
    button = page.locator("[data-command='agent.pause']")
    button.click()
    command = line.heard("command")
    assert command["name"] == "agent.pause"
    assert (command["target"], command["args"], command["version"]) == (free["id"], {}, free["version"])
    expect(page.locator(".outcome")).to_have_text(f"Pausing {free['name']}…")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(tile(page, free["name"])).to_have_attribute("data-state", "free")  # nothing is shown before it is
    line.send("ack", id=command["id"], ok=True, version=2)
    line.delta([{"type": "AgentChanged", "agent": free | {"state": "paused", "paused": True, "version": 2}}])
    expect(page.locator(".outcome")).to_have_text(f"Pausing {free['name']}: done")
    expect(button).to_be_hidden()
    page.locator("[data-command='agent.resume']").click()
    eventually(lambda: len(line.of("command")) == 2, "the second command")
    second = line.of("command")[-1]
    assert second["name"] == "agent.resume"
    assert second["version"] == 2
    assert second["id"] != command["id"]


def test_a_refusal_says_why(page: Page, line: Line) -> None:
    free = next(one for one in line.state["agents"].values() if one["state"] == "free")
    tile(page, free["name"]).click()
    page.locator("[data-command='agent.pause']").click()
    message = "Somebody else has changed this agent meanwhile."
    line.send("ack", id=line.heard("command")["id"], ok=False, code="conflict", message=message, version=9)
    expect(page.locator(".outcome[data-status=refused]")).to_contain_text(message)
    expect(page.get_by_role("status")).to_contain_text(message)
    expect(page.locator("[data-command='agent.pause']")).to_have_attribute("aria-disabled", "false")


def test_a_command_survives_a_broken_line(page: Page, stub: Stub, line: Line) -> None:
    free = next(one for one in line.state["agents"].values() if one["state"] == "free")
    tile(page, free["name"]).click()
    page.locator("[data-command='agent.pause']").click()
    command = line.heard("command")
    line.close(1012)
    again = busy_line(stub)
    assert again.heard("command") == command  # the same id: the server answers it once
    again.send("ack", id=command["id"], ok=True, version=2)
    expect(page.locator(".outcome[data-status=done]")).to_be_visible()


def test_whispering_ending_and_outcomes_ask_first(page: Page, line: Line) -> None:
    call = talking(line)
    tile(page, agent_of(line, call)["name"]).click()
    page.locator("[data-command='call.whisper']").click()
    page.get_by_label("Only the agent hears this").fill("Offer the yearly plan")
    page.keyboard.press("Enter")
    assert line.heard("command")["args"] == {"text": "Offer the yearly plan"}
    line.send("ack", id=line.of("command")[-1]["id"], ok=True, version=1)
    expect(page.locator(".outcome[data-status=done]")).to_be_visible()
    page.locator("[data-command='call.end']").click()
    expect(page.get_by_text("The agent says goodbye, then the line is hung up.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("The agent says goodbye, then the line is hung up.")).to_be_hidden()
    assert len(line.of("command")) == 1
    page.locator("[data-command='call.end']").click()
    page.get_by_role("button", name="End the call").click()
    eventually(lambda: line.of("command")[-1]["name"] == "call.end", "the end")
    line.send("ack", id=line.of("command")[-1]["id"], ok=True, version=1)
    page.locator("[data-command='lead.set_outcome']").click()
    page.get_by_label("What came of it?").select_option("meeting_booked")
    page.get_by_label("Note").fill("Thursday at nine")
    page.get_by_role("button", name="Save").click()
    eventually(lambda: line.of("command")[-1]["name"] == "lead.set_outcome", "the outcome")
    command = line.of("command")[-1]
    assert command["target"] == call["lead"]["id"]
    assert command["version"] == call["lead"]["version"]
    assert command["args"] == {"outcome": "meeting_booked", "note": "Thursday at nine"}


def test_what_is_heard_stays_in_sight_until_it_is_stopped(page: Page, stub: Stub, line: Line) -> None:
    call = talking(line)
    tile(page, agent_of(line, call)["name"]).click()
    page.locator("[data-command='call.listen']").click()
    line.send("ack", id=line.heard("command")["id"], ok=True, version=1, audio="sound-1")
    ear = page.get_by_role("group", name="Sound of the call")
    expect(ear).to_contain_text(f"You listen to the call with {call['lead']['name']}")
    eventually(lambda: stub.heard == ["sound-1"], "the sound")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    ear.get_by_text("You listen to").click()
    expect(page.locator("#drawer-title")).to_have_text(call["lead"]["name"])
    ear.get_by_role("button", name="Stop").click()
    expect(ear).to_be_hidden()
    eventually(lambda: stub.heard == ["sound-1", "left"], "the end of it")


def test_a_taken_call_is_handed_back_with_a_summary(page: Page, line: Line) -> None:
    call = talking(line)
    tile(page, agent_of(line, call)["name"]).click()
    expect(page.locator("[data-command='call.return']")).to_be_hidden()
    line.delta([plain(call, supervision={"mode": "takeover", "by": "Alice Ray"}, version=2)])
    expect(page.locator("#drawer-watching")).to_have_text("Alice Ray has the call")
    for name in ("takeover", "whisper", "barge"):
        expect(page.locator(f"[data-command='call.{name}']")).to_be_hidden()
    page.locator("[data-command='call.return']").click()
    page.get_by_label("What has happened").fill("She takes the yearly plan.")
    page.keyboard.press("Enter")
    command = line.heard("command")
    assert (command["name"], command["args"]) == ("call.return", {"summary": "She takes the yearly plan."})
    assert command["version"] == 2


def test_a_lead_is_chosen_from_a_search(page: Page, stub: Stub, line: Line) -> None:
    free = next(one for one in line.state["agents"].values() if one["state"] == "free")
    tile(page, free["name"]).click()
    page.locator("[data-command='agent.assign_lead']").click()
    field = page.get_by_role("combobox", name="Which lead shall be called?")
    expect(page.locator("#lead-list").get_by_role("option")).to_have_count(2)
    field.fill("okafor")
    expect(page.locator("#lead-list").get_by_role("option")).to_have_count(1)
    assert stub.searched[-1] == "okafor"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    command = line.heard("command")
    assert (command["name"], command["target"]) == ("agent.assign_lead", free["id"])
    assert command["args"] == {"lead": LEADS[1]["id"]}


def test_commands_are_off_while_stale(page: Page, line: Line) -> None:
    free = next(one for one in line.state["agents"].values() if one["state"] == "free")
    tile(page, free["name"]).click()
    line.silent()
    button = page.locator("[data-command='agent.pause']")
    expect(page.locator("#why-not")).to_have_text("Commands are off until the floor is live again.")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    line.beating()
    expect(button).to_have_attribute("aria-disabled", "false")
    assert line.of("command") == []


def test_staff_watch_and_set_outcomes(open_page: Callable[..., Page], stub: Stub) -> None:
    stub.config |= {"role": "staff"}
    page = open_page()
    line = busy_line(stub)
    call = talking(line)
    tile(page, agent_of(line, call)["name"]).click()
    expect(page.locator("#why-not")).to_contain_text("You watch as staff.")
    expect(page.locator(".action:visible")).to_have_text(["Set outcome"])
    expect(page.locator("[data-command='lead.set_outcome']")).to_have_attribute("aria-disabled", "false")


def test_who_watches_in_words(page: Page, line: Line) -> None:
    expect(page.locator("#watcher-count")).to_have_text("3 people watch")
    call = talking(line)
    dana = {"id": 2, "name": "Dana Cole", "role": "owner", "tabs": 1, "since": 20.0, "state": "here"}
    line.send("presence", joined=[], left=[{"id": 3}], changed=[dana | {"attention": call["id"]}])
    expect(page.locator("#watcher-count")).to_have_text("2 people watch")
    page.locator(".watchers").click()
    lines = page.locator("#watcher-list li")
    expect(lines.nth(0)).to_contain_text("Alice Ray (you)")
    expect(lines.nth(0)).to_contain_text("Manager · here, 2 tabs")
    expect(lines.nth(1)).to_contain_text(f"Owner · here, at the call with {call['lead']['name']}")
    page.keyboard.press("Escape")
    tile(page, agent_of(line, call)["name"]).click()
    expect(page.locator("#drawer-watching")).to_contain_text("Dana Cole looks at this call too")
