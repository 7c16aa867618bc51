"""Every environment variable that CallSphere reads, typed; a bad one stops the start and is named."""

from pathlib import Path
from typing import Annotated

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Words = Annotated[list[str], NoDecode]
"""A list written as comma-separated words."""


class Environment(BaseSettings):
    """The process environment. Field names in upper case are the variables' names."""

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False)

    debug: bool = False
    secret_key: str = ""
    allowed_hosts: Words = Field(default_factory=list)
    csrf_trusted_origins: Words = Field(default_factory=list)
    callsphere_var: Path = Path(__file__).resolve().parent.parent / "var"
    log_level: str = "INFO"

    database_url: str = ""
    """Login of the runtime role. On PostgreSQL it must not own the tables (row-level security)."""
    database_owner_url: str = ""
    """Login that owns the tables; used by `migrate` only."""
    database_pool_size: int = Field(default=8, ge=1, le=200)
    redis_url: str = ""

    openai_api_key: str = ""
    openai_base_url: str = ""
    chat_model: str = "gpt-5.4-mini"
    voice_model: str = "gpt-realtime-2.1"
    transcription_model: str = "gpt-live-transcribe"
    callsphere_sandbox: bool = False
    """Allow the simulated model provider with DEBUG=0."""
    sandbox_pace: float = Field(default=25.0, ge=0)
    """Words per second of the simulated provider; 0 = as fast as possible."""

    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_api_base: str = ""
    """Another address of Twilio's REST interface, such as a region's."""
    public_url: str = ""
    """https://host as the outside calls us, where a proxy does not say so."""

    call_black_box: bool = False
    """Keep the event log of every call, whatever its business says."""
    metrics_token: str = ""
    """Bearer token of /metrics; without one only this machine may read it."""
    otel_exporter_otlp_endpoint: str = ""
    """An OpenTelemetry collector's address; without one no span is made."""

    default_from_email: str = "CallSphere <noreply@callsphere.example>"
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """How many reverse proxies in front append to X-Forwarded-For."""

    @field_validator("allowed_hosts", "csrf_trusted_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("expected DEBUG, INFO, WARNING or ERROR")
        return value.upper()


def read() -> Environment:
    """Read and check the environment.

    Raises:
        ImproperlyConfigured: one line per bad variable, each naming it and what was expected.
    """
    try:
        return Environment()
    except ValidationError as error:
        lines = [f"{str(e['loc'][0]).upper()}: {e['msg']} (got {e['input']!r})" for e in error.errors()]
        raise ImproperlyConfigured("Bad environment:\n  " + "\n  ".join(lines)) from None
