"""The Realtime protocol on a real socket: the provider's own client holds a conversation with the stand-in."""

import asyncio
import json
from base64 import b64encode
from typing import Any

import numpy as np
import pytest
from openai import AsyncOpenAI
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.sandbox.core.faults import read_faults
from apps.sandbox.core.realtime_reply import Pace
from apps.sandbox.core.tonespeech import speak
from apps.sandbox.realtime.socket import pace_of
from apps.sandbox.realtime.voice import speak as voice

from .dialogue import NOW, load_tools

TOOLS = [{"type": "function", **tool["function"]} for tool in load_tools("repair")]


async def until(session: Any, kind: str) -> list[Any]:
    """Events up to and with the next one of `kind`."""
    got: list[Any] = []
    async with asyncio.timeout(20):
        while not got or got[-1].type != kind:
            got.append(await session.recv())
    return got


async def configured(session: Any, **settings: Any) -> None:
    await until(session, "session.created")
    await session.session.update(
        session={
            "type": "realtime",
            "instructions": NOW,
            "audio": {"input": {"transcription": {"model": "any"}}},
            **settings,
        }
    )
    await until(session, "session.updated")


async def test_a_spoken_question_is_answered_as_in_chat(client: AsyncOpenAI) -> None:
    question = "When are you open?"
    chat = await client.chat.completions.create(
        model="any", messages=[{"role": "system", "content": NOW}, {"role": "user", "content": question}]
    )
    async with client.realtime.connect(model="any") as session:
        await configured(session)
        audio = speak(question, 24_000) + bytes(48_000)
        for start in range(0, len(audio), 9_600):
            await session.input_audio_buffer.append(audio=b64encode(audio[start : start + 9_600]).decode())
        events = await until(session, "response.done")
    heard = next(e for e in events if e.type == "conversation.item.input_audio_transcription.completed")
    said = next(e for e in events if e.type == "response.output_audio_transcript.done")
    assert heard.transcript == question
    assert said.transcript == chat.choices[0].message.content


async def test_a_tool_is_called_and_its_result_told(client: AsyncOpenAI) -> None:
    async with client.realtime.connect(model="any") as session:
        await configured(session, tools=TOOLS)
        ask: Any = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Which repairs do you offer, and the prices?"}],
        }
        await session.conversation.item.create(item=ask)
        await session.response.create()
        events = await until(session, "response.done")
        kinds = [e.type for e in events]
        call = next(e for e in events if e.type == "response.output_item.done").item
        assert call.type == "function_call"
        assert call.status == "completed"
        assert call.name in {tool["name"] for tool in TOOLS}
        assert kinds.index("response.function_call_arguments.done") < kinds.index("response.output_item.done")
        assert isinstance(json.loads(call.arguments), dict)
        result = {"ok": True, "say": "A new screen costs 90 dollars.", "data": {}}
        output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": json.dumps(result)}
        await session.conversation.item.create(item=output)
        await session.response.create()
        events = await until(session, "response.done")
    told = next(e for e in events if e.type == "response.output_audio_transcript.done")
    assert "90 dollars" in told.transcript


async def test_text_only(client: AsyncOpenAI) -> None:
    async with client.realtime.connect(model="any") as session:
        await configured(session, output_modalities=["text"])
        await session.response.create(response={"instructions": 'Say exactly "One two three."'})
        events = await until(session, "response.done")
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "One two three."


@pytest.mark.parametrize(("model", "status"), [("any+429", 429), ("any+503", 503), ("any+nonsense", 400)])
async def test_a_connection_that_is_refused(client: AsyncOpenAI, model: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await client.realtime.connect(model=model).enter()
    assert refused.value.response.status_code == status
    assert "error" in json.loads(bytes(refused.value.response.body or b""))


async def test_only_the_first_connection_is_broken(client: AsyncOpenAI) -> None:
    async with client.realtime.connect(model="any+cut=3*1", max_retries=0) as session:
        await configured(session)
        await session.response.create()
        with pytest.raises(ConnectionClosed) as broken:
            await until(session, "response.done")
        assert broken.value.rcvd is None
    async with client.realtime.connect(model="any+cut=3*1", max_retries=0) as session:
        await configured(session)
        await session.response.create()
        await until(session, "response.done")


async def test_a_session_that_expires(client: AsyncOpenAI) -> None:
    async with client.realtime.connect(model="any+expire=0.2", max_retries=0) as session:
        assert (await until(session, "error"))[-1].error.code == "session_expired"
        with pytest.raises(ConnectionClosed) as closed:
            await session.recv()
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1001


def test_faults_set_the_pace() -> None:
    faults = {f.name: f for f in read_faults("slow=1.5+late+reorder")}
    assert pace_of(25, faults) == Pace(think=1.5, stall=0.5, reorder=True)
    assert pace_of(25, {f.name: f for f in read_faults("burst")}).speed == 0
    assert pace_of(0, {}) == Pace(think=0.0, speed=0.0)


def test_the_voice_lasts_as_long_as_the_words() -> None:
    text = "Of course, I can book you in on Tuesday at ten in the morning."
    sound = voice(text, "alloy", 8_000)
    assert 10 < len(text) / (len(sound) / 8_000) < 20
    assert np.sqrt(np.mean(sound.astype(float) ** 2)) > 330, "loud enough to be heard as speech"
    assert len(voice("", "alloy", 8_000)) == 0
