"""Pipecat as its documentation puts a phone on OpenAI's realtime model: FastAPI transport, Twilio serializer.

Its realtime service speaks PCM16 at 24 kHz; the serializer resamples to it and back.
"""

# mypy: disable-error-code="import-not-found"
# What the benchmark installs for it is none of our packages.
import json
import os
import sys

from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.frames.frames import LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.openai.realtime.events import (
    AudioConfiguration,
    AudioInput,
    AudioOutput,
    InputAudioTranscription,
    PCMAudioFormat,
    SessionProperties,
    TurnDetection,
)
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

logger.remove()
logger.add(sys.stderr, level="ERROR")
URL = os.environ["OPENAI_BASE_URL"].replace("http", "ws", 1) + "/realtime"
app = FastAPI()


def _model() -> OpenAIRealtimeLLMService:
    audio = AudioConfiguration(
        input=AudioInput(
            format=PCMAudioFormat(), transcription=InputAudioTranscription(), turn_detection=TurnDetection()
        ),
        output=AudioOutput(format=PCMAudioFormat(), voice="alloy"),
    )
    settings = OpenAIRealtimeLLMService.Settings(session_properties=SessionProperties(audio=audio))
    return OpenAIRealtimeLLMService(api_key=os.environ["OPENAI_API_KEY"], base_url=URL, settings=settings)


@app.websocket("/media-stream")
async def media_stream(phone: WebSocket) -> None:
    await phone.accept()
    messages = phone.iter_text()
    await anext(messages)
    started = json.loads(await anext(messages))
    serializer = TwilioFrameSerializer(
        started["streamSid"], params=TwilioFrameSerializer.InputParams(auto_hang_up=False)
    )
    params = FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer)
    transport = FastAPIWebsocketTransport(websocket=phone, params=params)
    context = LLMContext([{"role": "developer", "content": "Greet the caller."}])
    aggregators = LLMContextAggregatorPair(context)
    stages = [transport.input(), aggregators.user(), _model(), transport.output(), aggregators.assistant()]
    rates = PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000)
    worker = PipelineWorker(Pipeline(stages), params=rates)

    @transport.event_handler("on_client_connected")
    async def greet(transport: FastAPIWebsocketTransport, client: WebSocket) -> None:
        await worker.queue_frames([LLMRunFrame()])

    @transport.event_handler("on_client_disconnected")
    async def leave(transport: FastAPIWebsocketTransport, client: WebSocket) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()
