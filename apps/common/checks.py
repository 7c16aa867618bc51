"""What `manage.py check --deploy` says of an environment, beside Django's own warnings."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning

SHORTEST_TOKEN = 24
_NEVER = tuple(map(ip_network, ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10")))
"""This machine, and the link on which clouds hand out a machine's credentials."""
_HERE = ("localhost", "127.0.0.1", "::1", "")


def environment_is_safe(**_: Any) -> list[CheckMessage]:
    """One warning for each setting that leaves a door open."""
    return [Warning(text, id=f"callsphere.W{number:03}") for number, text in _problems()]


def _problems() -> Iterator[tuple[int, str]]:
    if not settings.TRUSTED_PROXIES:
        yield (
            1,
            "TRUSTED_PROXIES is 0: behind the proxy that ends TLS nobody's address is known, nor that TLS was used.",
        )
    if settings.PUBLIC_URL and not settings.PUBLIC_URL.startswith("https://"):
        yield 2, "PUBLIC_URL does not begin with https://: links in mails lead past TLS."
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield 3, f"METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters: it can be guessed."
    if "*" in settings.ALLOWED_HOSTS:
        yield 4, "ALLOWED_HOSTS takes any name: name those under which this server is reached."
    if any(not origin.startswith("https://") for origin in settings.CSRF_TRUSTED_ORIGINS):
        yield 5, "CSRF_TRUSTED_ORIGINS trusts pages that came without TLS."
    networks = [ip_network(network) for network in settings.WEBHOOK_NETWORKS]
    if any(one.version == never.version and one.overlaps(never) for one in networks for never in _NEVER):
        yield 6, "WEBHOOK_NETWORKS lets webhooks reach this machine, or where clouds hand out its credentials."
    if settings.STRIPE_SECRET_KEY and not settings.STRIPE_WEBHOOK_SECRET:
        yield 7, "STRIPE_WEBHOOK_SECRET is missing: no notice of a payment is taken."
    if settings.EMAIL_HOST not in _HERE and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        yield 8, "SMTP_URL sends mails over the network in the clear: name a user (STARTTLS), or use smtps://."
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield 9, "DATABASE_URL is SQLite, which has no second wall between tenants: use PostgreSQL."
    if not settings.REDIS_URL:
        yield 10, "REDIS_URL is missing: each machine counts its own limits, and nobody keeps what Redis holds."
    elif (at := urlsplit(settings.REDIS_URL)).scheme == "redis" and at.hostname not in _HERE and not at.password:
        yield 11, "REDIS_URL has no password: who reaches Redis reads every chat."
