"""The server's side of a diagnosis: a stream that tells when it made each event, and what became of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from time import monotonic

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from apps.common import sse
from apps.common.api import api_view
from apps.common.streaming import streaming_response
from apps.edge import sightings, tickets
from apps.edge.core.probe import Probe, beats


@api_view("GET")
async def stream(request: HttpRequest) -> HttpResponseBase:
    """The ticket's events, each `{"n", "made"}`: its number, and the seconds since the stream began."""
    return streaming_response(_events(tickets.read(request.GET.get("ticket", ""))))


@api_view("GET")
async def state(request: HttpRequest) -> HttpResponseBase:
    """`{"state"}` of the ticket's stream: unknown, open, completed or aborted."""
    probe = tickets.read(request.GET.get("ticket", ""))
    response = JsonResponse({"state": await sightings.state_of(probe.id)})
    response["Cache-Control"] = "no-store"
    return response


async def _events(probe: Probe) -> AsyncIterator[bytes]:
    began = monotonic()
    ending: sightings.State = "aborted"
    try:
        await sightings.record(probe.id, "open")  # a proxy may pass the headers on, and the client leave, meanwhile
        yield sse.KEEP_ALIVE
        for wait, number in beats(probe):
            await asyncio.sleep(wait)
            if number is None:
                yield sse.KEEP_ALIVE
            else:
                made = round(monotonic() - began, 4)
                yield sse.encode(json.dumps({"n": number, "made": made}), id=str(number))
        ending = "completed"
    finally:
        await sightings.record(probe.id, ending)
