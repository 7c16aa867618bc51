"""A session with OpenAI's Realtime API, or with a server that speaks its protocol."""

import asyncio
from collections.abc import Callable
from urllib.parse import quote

from django.conf import settings
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from apps.agents.model import ModelRefused, base_url
from apps.voice.core.actions import ConnectModel, SendAudio
from apps.voice.core.events import ModelEvent, ModelFailed, ModelLost, ModelReady
from apps.voice.core.realtime import EXPIRED, FATAL, SessionCreated, append, read
from apps.voice.core.realtime_commands import Commands, ModelAction, Setup
from apps.voice.realtime.socket import OPEN_SECONDS, ModelSocket, open_socket

_ANSWERS = (SessionCreated, ModelReady)
_GOING_AWAY = 1001
_REFUSED = frozenset({401, 403, 404})


class RealtimeModel:
    """One session, as `Model` wants it. Audio goes both ways in the setup's format."""

    def __init__(self, *, model: str, setup: Setup) -> None:
        self._model = model
        self._format = setup.format
        self._commands = Commands(setup)
        self._socket: ModelSocket | None = None
        self._left = False
        self.dropped_ms = 0.0

    async def run(self, opening: ConnectModel, tell: Callable[[ModelEvent | ModelLost], None]) -> None:
        """Connects, and tells what comes: first ModelReady, last ModelLost, unless `close` came before."""
        failed: ModelFailed | None = None

        def heard(message: bytes) -> None:
            nonlocal failed
            for event in read(message):
                if isinstance(event, _ANSWERS):
                    continue  # a handoff's update is answered like the first
                if isinstance(event, ModelFailed):
                    failed = event
                if not self._left:
                    tell(event)

        try:
            lost = await self._open(opening)
            if lost is None and self._socket is not None:
                tell(ModelReady())
                lost = _lost(await self._socket.hand_over(heard), failed)
        finally:
            await self._leave()
        if lost is not None and not self._left:
            tell(lost)

    def send(self, action: ModelAction) -> None:
        if self._socket is None:
            return
        if isinstance(action, SendAudio):
            self._socket.send_now(append(action.audio), self._format.ms(len(action.audio)))
            self.dropped_ms = self._socket.dropped_ms
            return
        for message in self._commands.write(action):
            self._socket.send_now(message)

    async def close(self) -> None:
        self._left = True
        await self._leave()

    async def _url(self) -> str:
        base = await asyncio.to_thread(base_url) or "https://api.openai.com/v1"  # may start a process
        return f"ws{base.rstrip('/').removeprefix('http')}/realtime?model={quote(self._model, safe='')}"

    async def _open(self, opening: ConnectModel) -> ModelLost | None:
        """Until the session is configured; None = it is."""
        try:
            self._socket = await open_socket(await self._url(), settings.OPENAI_API_KEY or "sandbox")
            async with asyncio.timeout(OPEN_SECONDS):
                return await self._configure(self._socket, opening)
        except ModelRefused as error:
            return ModelLost(error.code, fatal=True)
        except InvalidStatus as refused:
            return _not_admitted(refused)
        except ConnectionClosed as closed:
            return _lost(closed, None)
        except (OSError, WebSocketException) as error:  # a TimeoutError is an OSError
            return ModelLost(type(error).__name__)

    async def _configure(self, socket: ModelSocket, opening: ConnectModel) -> ModelLost | None:
        while True:
            for event in read(await socket.message()):
                if isinstance(event, SessionCreated):
                    self.send(opening)
                elif isinstance(event, ModelFailed):
                    return ModelLost(event.code, expired=event.code == EXPIRED, fatal=event.fatal)
                elif isinstance(event, ModelReady):
                    return None

    async def _leave(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()


def _lost(closed: ConnectionClosed, failed: ModelFailed | None) -> ModelLost:
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
    expired = code == _GOING_AWAY or (failed is not None and failed.code == EXPIRED)
    fatal = (failed is not None and failed.fatal) or any(known in reason for known in FATAL)
    return ModelLost(failed.code if failed and (fatal or expired) else f"closed_{code}", expired, fatal)


def _not_admitted(refused: InvalidStatus) -> ModelLost:
    status, body = refused.response.status_code, refused.response.body or b""
    code = next((known for known in FATAL if known.encode() in body), "")
    return ModelLost(code or f"status_{status}", fatal=bool(code) or status in _REFUSED)
