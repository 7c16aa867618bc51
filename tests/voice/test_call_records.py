"""What a call leaves: its recording and its black box, with consent and within their time, and what it cost."""

import asyncio
import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from apps.conversations import calls
from apps.conversations.models import Call
from apps.plans import costs
from apps.plans.models import UsageEntry, UsageKind
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.voice import files, spool
from apps.voice.core.actions import EndCall, PlaceMark, PlayAudio, StoreTurn
from apps.voice.core.events import AudioHeard, MarkPlayed
from apps.voice.core.formats import PCM16, PCMU
from apps.voice.models import CallFile, CallPolicy
from apps.voice.recording import Recording
from tests.voice.callers import browser_call, ended, ticket_of

CONSENT = "This call is recorded."
FRAME = b"\x10" * PCMU.frame_bytes


@pytest.fixture
def kept(clinic: Tenant) -> Tenant:
    """The clinic, which keeps all that can be kept."""
    with tenant_scope(clinic.pk):
        CallPolicy.objects.create(records=True, consent=CONSENT, black_box=True, keep_days=30)
    return clinic


def _files(tenant: Tenant) -> dict[str, CallFile]:
    with tenant_scope(tenant.pk):
        return {file.kind: file for file in CallFile.objects.all()}


async def test_a_call_leaves_its_recording_its_black_box_and_its_cost(server: str, kept: Tenant) -> None:
    async with browser_call(server, await ticket_of(server, kept.slug)) as caller:
        greeting = await caller.until("transcript", who="agent", final=True)
        await caller.say("What are your opening hours?")
        await caller.until("transcript", who="agent", final=True, count=2)
        await caller.end()
        await caller.until("ended")
    assert greeting["text"].startswith(CONSENT)
    record, _, _ = await ended(kept)
    async with asyncio.timeout(30):
        while True:
            if len(found := await sync_to_async(_files)(kept)) == 2:
                break
            await asyncio.sleep(0.05)
    recording, log = found["recording"], found["log"]
    assert recording.call_id == record.pk
    assert recording.name.startswith(f"calls/{kept.pk}/")
    assert (recording.delete_at - recording.created_at).days == 30

    def read() -> tuple[bytes, str]:
        out = StringIO()
        call_command("replay", default_storage.path(log.name), stdout=out)
        return default_storage.open(recording.name).read(), out.getvalue()

    audio, shown = await sync_to_async(read)()
    assert "the same actions." in shown
    samples = np.frombuffer(audio[58:], "<i2").reshape(-1, 2)
    assert recording.seconds == pytest.approx(len(samples) / PCM16.rate, abs=1)
    spoken = np.count_nonzero(samples, axis=0) / PCM16.rate
    assert (spoken > 0.5).all(), spoken  # seconds of the caller, and of the agent
    assert list(spool.folder().glob(f"{record.pk}*")) == []  # nothing is left behind
    assert record.usage["input_tokens"] > 0
    assert record.timings["answers_at"]
    assert record.timings["caller_spoke_s"] > 0

    def counted() -> dict[str, int]:
        with tenant_scope(kept.pk):
            return dict(UsageEntry.objects.values_list("kind", "quantity"))

    used = await sync_to_async(counted)()
    assert used[UsageKind.CALL_SECONDS] > 0
    assert used[UsageKind.INPUT_TOKENS] == record.usage["input_tokens"]
    assert UsageKind.COST not in used  # the stand-in is not paid


def heard(recording: Recording, text: str, *, seconds: float = 2.0) -> None:
    """The agent says `text`, while the caller is silent."""
    for number in range(round(seconds * 50)):
        now = number * 0.02
        recording.saw(AudioHeard(FRAME, number * 20), now)
        recording.did(PlayAudio(FRAME), now)
        recording.did(PlaceMark(str(number)), now)
        recording.saw(MarkPlayed(str(number)), now + 0.02)
    recording.did(StoreTurn("agent", text), seconds)
    recording.did(EndCall("caller_left"), seconds)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("This call is recorded. Hello, this is Ava!", True),
        ("this call is   recorded – hello", True),
        ("This call is", False),
        ("Hello, this is Ava!", False),
        ("This call is recorded" + "ly nice", False),
    ],
)
async def test_only_who_heard_the_consent_line_is_recorded(
    settings: Any, tmp_path: Path, said: str, kept: bool
) -> None:
    settings.VAR_DIR = tmp_path
    recording = Recording(call="voc_1", format=PCMU, consent=CONSENT)
    heard(recording, said)
    assert await recording.close() is kept
    assert recording.spool.path.stat().st_size == pytest.approx(58 + 2 * 2 * 8_000, abs=320)


async def test_a_recording_takes_no_more_memory_the_longer_it_gets(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    recording = Recording(call="voc_1", format=PCMU, consent=CONSENT)
    most = 0
    for number in range(15_000):  # five minutes
        recording.saw(AudioHeard(FRAME, number * 20), number * 0.02)
        stereo = recording._stereo
        most = max(most, len(stereo._left) + len(stereo._right) + stereo._waiting)
    assert most < 2 * 5 * 8_000
    await recording.close()
    assert recording.spool.path.stat().st_size > 250 * 16_000


def test_a_business_that_wants_nothing_kept_has_nothing_kept(clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        assert CallPolicy.objects.first() is None
        policy = CallPolicy(records=True)
        with pytest.raises(Exception, match="consent"):
            policy.full_clean(exclude=["tenant"])


def test_files_go_when_their_time_is_up_and_with_their_call(clinic: Tenant, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    now = timezone.now()
    with tenant_scope(clinic.pk):
        rows = []
        for number, days in enumerate((1, 60, 60)):
            path = tmp_path / f"voc_{number}.wav"
            path.write_bytes(b"RIFF")
            call = calls.begin(agent="triage", channel="phone", carrier="twilio", carrier_call=f"CA{number}", now=now)
            rows.append(files.keep(call_id=call.pk, kind="recording", path=path, seconds=3.2, days=days, now=now))
        assert all(default_storage.exists(row.name) for row in rows)
        assert files.forget(now=now + timedelta(days=30)) == 1
        Call.objects.get(pk=rows[1].call_id).conversation.delete()
    assert [default_storage.exists(row.name) for row in rows] == [False, False, True]


def test_what_died_processes_left_is_swept(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    spool.folder().mkdir()
    for name, age in (("old.wav", 25 * 3_600), ("new.wav", 60)):
        path = spool.folder() / name
        path.write_bytes(b"x")
        moment = timezone.now().timestamp() - age
        os.utime(path, (moment, moment))
    assert files.sweep() == 1
    assert [path.name for path in spool.folder().iterdir()] == ["new.wav"]


def test_the_cost_is_of_both_models(settings: Any) -> None:
    settings.SANDBOX_ANSWERS = False
    settings.VOICE_MODEL, settings.TRANSCRIPTION_MODEL = "gpt-realtime-2.1", "gpt-live-transcribe"
    usage = {"input_tokens": 1_000_000, "input_audio_tokens": 1_000_000}
    assert costs.of_call(usage=usage, speech_seconds=60) == 32_000_000 + 17_000
    settings.SANDBOX_ANSWERS = True
    assert costs.of_call(usage=usage, speech_seconds=60) == 0
