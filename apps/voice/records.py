"""What is kept and told of a call beside its transcript: opened with it, closed after it."""

import asyncio
import logging
from dataclasses import replace

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from opentelemetry.context import Context

from apps.common.telemetry import tracer
from apps.conversations.models import Call
from apps.tenants.scope import in_tenant
from apps.voice import files
from apps.voice.blackbox import BlackBox
from apps.voice.book import Book
from apps.voice.core.events import Persona
from apps.voice.core.formats import Format
from apps.voice.core.settings import Settings
from apps.voice.models import CallFile, CallPolicy
from apps.voice.recording import Recording
from apps.voice.telemetry import Telemetry

logger = logging.getLogger(__name__)


class Records:
    """Of one call, `held` by these settings. `persona` greets with the consent line where the call is recorded."""

    def __init__(self, call: Call, policy: CallPolicy, *, format: Format, persona: Persona, held: Settings) -> None:
        self._call = call
        self._policy = policy
        self._telemetry = Telemetry(
            call=call.pk,
            conversation=call.conversation_id,
            channel=call.conversation.channel,
            model=settings.VOICE_MODEL,
            persona=persona,
            tracer=tracer(),
            bytes_per_ms=format.bytes_per_ms,
        )
        self._kept: list[tuple[str, Recording | BlackBox]] = []
        if policy.records and policy.consent.strip():
            consent = policy.consent.strip()
            persona = replace(persona, greeting=f"{consent} {persona.greeting}".strip())
            recording = Recording(call=call.pk, format=format, consent=consent)
            self._kept.append((CallFile.Kind.RECORDING, recording))
        if policy.black_box or settings.CALL_BLACK_BOX:
            box = BlackBox(call=call.pk, format=format, persona=persona, settings=held)
            self._kept.append((CallFile.Kind.LOG, box))
        self.persona = persona
        self.book = Book([self._telemetry, *(observer for _, observer in self._kept)])

    @property
    def context(self) -> Context:
        """Of the call's trace."""
        return self._telemetry.context

    async def close(self) -> None:
        """Puts the files into the storage. Whatever fails, the call is over and on record already."""
        self._telemetry.close()
        for kind, observer in self._kept:
            try:
                await self._keep(kind, observer)
            except Exception:
                logger.exception("A call's file could not be kept", extra={"call": self._call.pk, "kind": kind})

    async def _keep(self, kind: str, observer: Recording | BlackBox) -> None:
        try:
            if await observer.close():
                await in_tenant(
                    self._call.tenant_id,
                    files.keep,
                    call_id=self._call.pk,
                    kind=kind,
                    path=observer.spool.path,
                    seconds=getattr(observer, "seconds", 0.0),
                    days=self._policy.keep_days,
                    now=timezone.now(),
                )
            else:
                logger.info("A call's file is not kept", extra={"call": self._call.pk, "kind": kind})
        finally:
            await asyncio.to_thread(observer.spool.remove)


async def open_records(call: Call, *, format: Format, persona: Persona, held: Settings) -> Records:
    """The records of a call that begins."""
    try:
        policy = await in_tenant(call.tenant_id, CallPolicy.objects.first)
    except DatabaseError:  # nothing is kept, but the caller is answered
        logger.exception("What is kept of a call could not be read", extra={"call": call.pk})
        policy = None
    return Records(call, policy or CallPolicy(), format=format, persona=persona, held=held)
