"""The sound of a call in a real browser, both ways, through the product's own socket."""

import secrets
from time import monotonic
from typing import Any

import msgspec
import numpy as np
import pytest
from django.utils import timezone
from playwright.sync_api import Page

from apps.common.redis import client
from apps.conversations import supervision
from apps.dashboard.tickets import Ticket
from apps.tenants import keys
from apps.tenants.scope import tenant_scope
from apps.voice.core.formats import PCM16
from tests.dashboard.floor import make_floor
from tests.e2e.microphone import give_microphone, say
from tests.e2e.widget_stub.browser import launched_browser, until_true

OPEN = """async (ticket) => {
  const { openAudio } = await import("/static/dashboard/listening.js");
  Object.assign(window, { loudest: 0, ended: "" });
  window.ear = openAudio({
    ticket,
    mode: "takeover",
    onLevel: ({ call }) => (window.loudest = Math.max(window.loudest, call)),
    onEnd: (reason) => (window.ended = reason),
    onMicrophone: (error) => (window.ended = String(error)),
  });
}"""
BEEP = (9_000 * np.sin(2 * np.pi * 500 * np.arange(PCM16.rate * 60 // 1_000) / PCM16.rate)).astype("<i2").tobytes()


def voices(channel: Any, page: Page, sound: str, *, seconds: float) -> list[bytes]:
    """What the browser's microphone sends while the call is heard there."""
    frames: list[bytes] = []
    until = monotonic() + seconds
    while monotonic() < until:
        client().publish(sound, b"s" + BEEP)
        page.wait_for_timeout(55)
        while (message := channel.get_message(ignore_subscribe_messages=True)) is not None:
            frames.append(message["data"])
    return frames


def loudest(frames: list[bytes]) -> int:
    return max((int(np.abs(np.frombuffer(frame, "<i2").astype(int)).max()) for frame in frames if frame), default=0)


@pytest.mark.browser
@pytest.mark.once
@pytest.mark.timeout(240)
def test_a_supervisor_hears_and_speaks(server: str, transactional_db: None) -> None:
    floor = make_floor()
    _, call = floor.talk()
    owner = floor.owner
    with tenant_scope(floor.tenant.pk):
        supervision.enter(
            call=call, mode="takeover", user=owner.user_id, name=owner.name, now=timezone.now(), actor="system"
        )
    ticket = Ticket(
        owner.tenant_id, owner.user_id, owner.name, owner.role, purpose="audio", call=call.pk, mode="takeover"
    )
    secret = secrets.token_urlsafe(24)
    client().set(keys.floor_ticket(secret), msgspec.json.encode(ticket), ex=60)
    sound = keys.call_sound(owner.tenant_id, call.pk)
    channel = client().pubsub()
    channel.subscribe(keys.call_voice(owner.tenant_id, call.pk, owner.user_id))
    with launched_browser() as browser:
        page = browser.new_page()
        give_microphone(page.context)
        page.goto(f"{server}/")
        page.mouse.click(5, 5)
        page.evaluate(OPEN, secret)
        until_true(page, "'say' in window")
        frames: list[bytes] = []
        deadline = monotonic() + 40
        while loudest(frames) < 1_000:
            assert monotonic() < deadline, (len(frames), page.evaluate("ended"))
            say(page.main_frame, "Good morning")
            frames += voices(channel, page, sound, seconds=2.0)
        assert b"" in frames  # they are there
        assert {len(frame) for frame in frames} <= {0, PCM16.frame_bytes}
        until_true(page, "loudest > 0.3")
        page.evaluate("ear.mute(true)")
        voices(channel, page, sound, seconds=1.0)
        assert loudest(voices(channel, page, sound, seconds=6.0)) == 0
        client().publish(sound, b"o")
        until_true(page, "ended === 'ended'")
    channel.close()
