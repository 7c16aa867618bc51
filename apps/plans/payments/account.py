"""The account at the payment provider: from the settings, or the simulated provider's where none is configured."""

import hashlib
import hmac
import socket
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.conf import settings

from apps.common.child_process import ChildProcess
from apps.common.errors import AppError

API_BASE = "https://api.stripe.com"


class PaymentsNotConfigured(AppError):
    """There is no account, and this is no demonstration."""

    code = "payments_not_configured"
    status = 503


@dataclass(frozen=True, slots=True)
class PaymentAccount:
    """`key` is the API's, `secret` signs webhooks."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    api_base: str = API_BASE
    simulated: bool = False


def configured() -> PaymentAccount:
    """STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET; else the simulated provider's, which is not started by this.

    The simulated account's secrets follow from SECRET_KEY: every process of an installation knows them, nobody else.
    Where it listens is STRIPE_API_BASE; "" = it is started when it is first asked (`address`).

    Raises:
        PaymentsNotConfigured: without an account, where simulated parts are not allowed.
    """
    if settings.STRIPE_SECRET_KEY:
        base = settings.STRIPE_API_BASE or API_BASE
        return PaymentAccount(settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET, base)
    if not settings.SANDBOX_ALLOWED:
        raise PaymentsNotConfigured("No payment provider is configured: set STRIPE_SECRET_KEY.")
    digest = hmac.new(settings.SECRET_KEY.encode(), b"simulated payments", hashlib.sha256).hexdigest()
    key, secret = f"sk_test_simulated_{digest[:24]}", f"whsec_{digest[24:]}"
    return PaymentAccount(key, secret, settings.STRIPE_API_BASE, simulated=True)


def address(account: PaymentAccount) -> str:
    """Where the API is; starts the simulated provider unless it runs."""
    if account.api_base:
        return account.api_base
    _process().ensure()
    return f"http://{_address_file().read_text().strip()}"


def folder() -> Path:
    """Where the simulated provider keeps its book."""
    return Path(settings.VAR_DIR) / "stripe"


def _address_file() -> Path:
    return folder() / "address"


def _ready() -> bool:
    try:
        host, _, port = _address_file().read_text().strip().rpartition(":")
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except (OSError, ValueError):
        return False


def _command() -> list[str]:
    manage = str(settings.BASE_DIR / "manage.py")
    places = [f"--port-file={_address_file()}", f"--book={folder() / 'book.json'}"]
    return [sys.executable, manage, "stripe_simulated", "--port=0", *places]


@cache
def _process() -> ChildProcess:
    return ChildProcess(name="stripe", directory=folder(), command=_command, ready=_ready)
