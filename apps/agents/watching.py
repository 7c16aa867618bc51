"""What a request to the model provider tells of itself: its span (`gen_ai.*`) and its part of the metrics."""

import time
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from opentelemetry.trace import SpanKind

from apps.common import metrics, telemetry
from apps.common.errors import AppError

_Error = TypeVar("_Error", bound=AppError)

PROVIDER = "openai"
"""Whose protocol it is; `server.address` says whose server."""
LONGEST = 64
"""Characters of what the provider says of itself."""


class Asked:
    """One request, from now to `close`. Nothing in here is done for each token."""

    __slots__ = ("_began", "_operation", "_outcome", "_span", "waits")

    def __init__(self, operation: str, *, model: str, max_tokens: int = 0) -> None:
        attributes: dict[str, str | int] = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": PROVIDER,
            "gen_ai.request.model": model,
            "server.address": urlsplit(settings.OPENAI_BASE_URL).hostname or "",
        }
        if max_tokens:
            attributes["gen_ai.request.max_tokens"] = max_tokens
        self._operation = operation
        self._span = telemetry.tracer().start_span(f"{operation} {model}", kind=SpanKind.CLIENT, attributes=attributes)
        self._outcome = "left"
        self._began = time.perf_counter()
        self.waits = True
        """Nothing has come yet."""

    def heard(self) -> None:
        """The first piece of the answer is here."""
        self.waits = False
        waited = time.perf_counter() - self._began
        metrics.FIRST_CHUNK.observe(waited)
        self._span.set_attribute("gen_ai.response.time_to_first_chunk", waited)

    def answered(self, *, model: str, reason: str, input_tokens: int, output_tokens: int) -> None:
        """It has said all; the provider's own words of which model it was and why it ended."""
        self._outcome = "ok"
        self._span.set_attribute("gen_ai.response.model", model[:LONGEST])
        self._span.set_attribute("gen_ai.response.finish_reasons", [reason[:LONGEST]])
        self._span.set_attribute("gen_ai.usage.input_tokens", input_tokens)
        self._span.set_attribute("gen_ai.usage.output_tokens", output_tokens)

    def succeeded(self) -> None:
        """It has answered, and there is no more to tell."""
        self._outcome = "ok"

    def failed(self, error: _Error) -> _Error:
        """It has come to this error, which is given back."""
        self._outcome = error.code
        telemetry.fail(self._span, error.code)
        return error

    def close(self) -> None:
        """The end; of a request that has neither answered nor failed, whoever asked has left it."""
        metrics.MODEL.labels(self._operation, self._outcome).observe(time.perf_counter() - self._began)
        self._span.end()
