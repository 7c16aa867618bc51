"""Every environment variable that CallSphere reads, typed; a bad one stops the start and is named."""

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from apps.common import topology

Words = Annotated[list[str], NoDecode]
"""A list written as comma-separated words."""


class Environment(BaseSettings):
    """The process environment. Field names in upper case are the variables' names."""

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False)

    debug: bool = False
    secret_key: str = ""
    allowed_hosts: Words = Field(default_factory=list)
    csrf_trusted_origins: Words = Field(default_factory=list)
    secret_key_fallbacks: Words = Field(default_factory=list)
    """Keys of before: what they signed and sealed still counts, nothing new is made with them."""
    hsts_subdomains: bool = True
    """Browsers reach every name below ours over TLS only, too."""
    hsts_preload: bool = False
    """Consents to the lists that browsers are built with; hard to take back."""
    callsphere_var: Path = Path(__file__).resolve().parent.parent / "var"
    log_level: str = "INFO"

    database_url: str = ""
    """Login of the runtime role. On PostgreSQL it must not own the tables (row-level security)."""
    database_owner_url: str = ""
    """Login that owns the tables; used by `migrate`, `backup` and `restore` only."""
    database_pool_size: int = Field(default=8, ge=1, le=200)
    redis_url: str = ""
    """One server, Sentinels or a Cluster; see common/topology.py."""

    openai_api_key: str = ""
    openai_base_url: str = ""
    chat_model: str = "gpt-5.4-mini"
    voice_model: str = "gpt-realtime-2.1"
    transcription_model: str = "gpt-live-transcribe"
    embedding_model: str = "text-embedding-3-small"
    """Of documents and questions about them; empty = they are searched by words alone."""
    callsphere_sandbox: bool = False
    """Allow the simulated model provider with DEBUG=0."""
    sandbox_pace: float = Field(default=25.0, ge=0)
    """Words per second of the simulated provider; 0 = as fast as possible."""

    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_api_base: str = ""
    """Another address of Twilio's REST interface, such as a region's."""
    telnyx_public_key: str = ""
    plivo_auth_token: str = ""
    vonage_signature_secret: str = ""
    """What their requests are signed with; "" = none of them is taken."""
    public_url: str = ""
    """https://host as the outside calls us, where a proxy does not say so."""

    inbox_lease: int = Field(default=300, ge=30, le=86_400)
    """Seconds after which who has taken a chat over and is silent loses it to the agent."""

    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    """What its webhooks are signed with; "" = none of them is taken."""
    stripe_tax: bool = False
    """Have Stripe reckon taxes; they must be set up in its dashboard."""
    stripe_api_base: str = ""
    """Another address of Stripe's interface; the simulated provider's, where that runs by itself."""

    call_black_box: bool = False
    """Keep the event log of every call, whatever its business says."""
    metrics_token: str = ""
    """Bearer token of /metrics; without one only this machine may read it."""
    otel_exporter_otlp_endpoint: str = ""
    """An OpenTelemetry collector's address; without one no span is made."""
    trust_traceparent: bool = False
    """Go on with the trace that a request names, and its decision to record; else it is only linked."""
    worker_metrics: str = ""
    """host:port at which a worker tells its metrics; "" = it does not."""

    smtp_url: str = ""
    """smtp://user:password@host:587 (STARTTLS where there is a user) or smtps://…:465."""
    default_from_email: str = "CallSphere <noreply@callsphere.example>"
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """How many reverse proxies in front append to X-Forwarded-For."""

    streams_per_address: int = Field(default=200, ge=0, le=1_000_000)
    """Streams that one internet address may have open at one process; 0 = as many as it wants."""
    api_requests_per_minute: int = Field(default=600, ge=1, le=100_000)
    """Requests of one API key, or of one person, under /api/."""
    webhook_networks: Words = Field(default_factory=list)
    """Networks beside the public internet to which webhooks may be sent, such as 10.0.0.0/8; also over plain HTTP."""

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for network in value:
            ip_network(network)
        return value

    @field_validator("allowed_hosts", "csrf_trusted_origins", "webhook_networks", "secret_key_fallbacks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value:
            topology.parse(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value and (not value.startswith(("smtp://", "smtps://")) or not urlsplit(value).hostname):
            raise ValueError("expected smtp://user:password@host:587 or smtps://user:password@host")
        return value

    @field_validator("worker_metrics")
    @classmethod
    def _address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isdecimal() and int(port) < 65_536):
            raise ValueError("expected host:port, such as 127.0.0.1:9100")
        return value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("expected DEBUG, INFO, WARNING or ERROR")
        return value.upper()


SECRETS = (
    *("SECRET_KEY", "METRICS_TOKEN", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SMTP_URL", "OPENAI_API_KEY"),
    *("TWILIO_AUTH_TOKEN", "TELNYX_PUBLIC_KEY", "PLIVO_AUTH_TOKEN", "VONAGE_SIGNATURE_SECRET"),
    *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
)
"""What may lie in a file instead, which NAME_FILE names: an environment is easily seen by others (`docker inspect`)."""


def _from_files(environ: Mapping[str, str]) -> dict[str, Any]:
    """Field → content, for each variable of SECRETS that is given as a file.

    Raises:
        ImproperlyConfigured: one line per file that cannot be read, is empty, or stands beside the variable itself.
    """
    contents: dict[str, Any] = {}
    problems = []
    for name in SECRETS:
        path = environ.get(f"{name}_FILE", "")
        if not path:
            continue
        if environ.get(name):
            problems.append(f"{name}_FILE: {name} is set, too; only one of them may be")
            continue
        try:
            content = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            problems.append(f"{name}_FILE: {path} cannot be read: {reason}")
            continue
        if not content:
            problems.append(f"{name}_FILE: {path} is empty")
        contents[name.lower()] = content
    if problems:
        raise ImproperlyConfigured("Bad environment:\n  " + "\n  ".join(problems))
    return contents


def read() -> Environment:
    """Read and check the environment.

    Raises:
        ImproperlyConfigured: one line per bad variable, each naming it and what was expected.
    """
    try:
        return Environment(**_from_files(os.environ))
    except ValidationError as error:
        lines = [_told(str(one["loc"][0]).upper(), one["msg"], one["input"]) for one in error.errors()]
        raise ImproperlyConfigured("Bad environment:\n  " + "\n  ".join(lines)) from None


def _told(name: str, problem: str, value: object) -> str:
    return f"{name}: {problem}" + ("" if name in SECRETS else f" (got {value!r})")
