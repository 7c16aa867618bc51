"""Doing a POST once, however often it is sent: with an `Idempotency-Key`, the second gets the first one's answer."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from apps.common.errors import AppError, InvalidInput
from apps.common.sealing import seal, unseal
from apps.tenants.rest.models import KeptAnswer
from apps.tenants.scope import all_tenants

KEPT = timedelta(hours=24)
MAX_KEY = 255
_HEADERS = ("Location", "ETag")


class KeyReused(AppError):
    """The same `Idempotency-Key` came with another request before."""

    code = "idempotency_key_reused"
    status = 409


def once(request: Request, *, actor: str, act: Callable[[], Response]) -> Response:
    """`act`'s answer, or the one it gave to the same key before. Inside the transaction of what `act` does.

    Of two at the same moment the second waits for the first one's transaction, at the key's row. What is refused is
    rolled back with its key: it did nothing, so it may be tried again.

    Raises:
        InvalidInput: the key is empty, too long, or not printable ASCII.
        KeyReused: see there.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return act()
    if not 0 < len(key) <= MAX_KEY or not (key.isascii() and key.isprintable()):
        raise InvalidInput(f"A key is 1 to {MAX_KEY} printable characters.", field="Idempotency-Key")
    _forget(actor, key)
    kept = KeptAnswer(actor=actor, key=key, fingerprint=_fingerprint(request))
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError:
        return _replayed(KeptAnswer.objects.get(actor=actor, key=key), kept.fingerprint)
    response = act()
    told = {name: response[name] for name in _HEADERS if name in response}
    kept.status, kept.answer = response.status_code, seal(json.dumps([response.data, told], cls=JSONEncoder))
    kept.save(update_fields=["status", "answer"])
    return response


def _forget(actor: str, key: str) -> None:
    """A key that is older than what we promise to remember is a new one, whether or not the duty came by."""
    KeptAnswer.objects.filter(actor=actor, key=key, created_at__lt=timezone.now() - KEPT).delete()


def _replayed(kept: KeptAnswer, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise KeyReused(
            "This key came with another request before. Make a new one for each thing to do.", field="Idempotency-Key"
        )
    data, told = json.loads(unseal(kept.answer))
    return Response(data, status=kept.status, headers={**told, "Idempotency-Replayed": "true"})


def _fingerprint(request: Request) -> str:
    plain = request._request
    body: Any = plain.body
    return hashlib.sha256(f"{plain.method}\0{plain.get_full_path()}\0".encode() + body).hexdigest()


def forget_old(now: datetime) -> int:
    """A duty: deletes what is kept for longer than promised."""
    with all_tenants(reason="answers are forgotten by their age, whosever they are"):
        return int(KeptAnswer.objects.filter(created_at__lt=now - KEPT).delete()[0])
