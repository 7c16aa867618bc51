"""Django settings, derived from the typed environment (environment.py)."""

import secrets
import sys
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from callsphere import environment
from callsphere.unfold import FORMAT_MODULE_PATH, LOGIN_REDIRECT_URL, UNFOLD  # noqa: F401  # Django reads them here

ENV = environment.read()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = ENV.callsphere_var
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = ENV.debug


def _secret_key() -> str:
    """The configured key; with DEBUG on, one made once and kept in var/."""
    if ENV.secret_key:
        return ENV.secret_key
    if not DEBUG:
        raise ImproperlyConfigured("SECRET_KEY: required when DEBUG=0 (a long random string)")
    path = VAR_DIR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = ENV.allowed_hosts or (["*"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins

VERTICALS_DIR = BASE_DIR / "apps" / "verticals"
VERTICAL_APPS = sorted(
    f"apps.verticals.{folder.name}" for folder in VERTICALS_DIR.iterdir() if (folder / "apps.py").exists()
)

INSTALLED_APPS = [
    "daphne",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "apps.common",
    "apps.tenants",
    "apps.live",
    "apps.business",
    "apps.conversations",
    "apps.agents",
    "apps.plans",
    *VERTICAL_APPS,
    "apps.telephony",
    "apps.chat",
    "apps.voice",
    "apps.edge",
    "apps.sandbox",
]

MIDDLEWARE = [
    "apps.common.middleware.RequestContext",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.tenants.middleware.MemberScope",
]
# The lean stack of routes that stream: async only, or every open stream would hold a thread.
STREAM_MIDDLEWARE = ["apps.common.middleware.RequestContext"]
STREAM_BODIES = {"/api/chat/ui": 1_048_576}  # the AI SDK sends the whole conversation with each message
STREAM_PREFIXES = ("/api/chat/", "/api/voice/", "/healthz", "/readyz", "/metrics")

ROOT_URLCONF = "callsphere.urls"
ASGI_APPLICATION = "callsphere.asgi.application"
AUTH_USER_MODEL = "tenants.User"
LOGIN_URL = "admin:login"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def database(url: str) -> dict[str, Any]:
    """Django's settings of one database from its URL; SQLite under var/ when there is none."""
    config: dict[str, Any] = dict(dj_database_url.parse(url or f"sqlite:///{VAR_DIR}/callsphere.sqlite3"))
    # Persistent connections leak under ASGI (Django ticket 33497); PostgreSQL pools instead.
    config["CONN_MAX_AGE"] = 0
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        # Immediate transactions take the write lock first: no upgrade from a stale snapshot can fail.
        options["transaction_mode"] = "IMMEDIATE"
        options["timeout"] = 20
        options["init_command"] = (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;"
        )
        config["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
    else:
        # Server-side cursors and prepared statements do not survive PgBouncer's transaction mode.
        config["DISABLE_SERVER_SIDE_CURSORS"] = True
        options["pool"] = {"min_size": 0, "max_size": ENV.database_pool_size, "timeout": 10}
    return config


_MIGRATING = len(sys.argv) > 1 and sys.argv[1] == "migrate"
DATABASES = {"default": database((_MIGRATING and ENV.database_owner_url) or ENV.database_url)}
DATABASE_RUNTIME_URL = ENV.database_url

REDIS_URL = ENV.redis_url
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

OPENAI_API_KEY = ENV.openai_api_key
OPENAI_BASE_URL = ENV.openai_base_url
SANDBOX_ANSWERS = not (OPENAI_API_KEY or OPENAI_BASE_URL)
SANDBOX_ALLOWED = DEBUG or ENV.callsphere_sandbox
SANDBOX_PACE = ENV.sandbox_pace
SANDBOX_LAUNCHER = "apps.sandbox.launcher.ensure_running"
CHAT_MODEL = ENV.chat_model
VOICE_MODEL = ENV.voice_model
TRANSCRIPTION_MODEL = ENV.transcription_model
TWILIO_ACCOUNT_SID = ENV.twilio_account_sid
TWILIO_AUTH_TOKEN = ENV.twilio_auth_token
TWILIO_API_BASE = ENV.twilio_api_base
PUBLIC_URL = ENV.public_url.rstrip("/")
CALL_BLACK_BOX = ENV.call_black_box
METRICS_TOKEN = ENV.metrics_token
OTEL_EXPORTER_OTLP_ENDPOINT = ENV.otel_exporter_otlp_endpoint
TRUSTED_PROXIES = ENV.trusted_proxies

EMAIL_BACKEND = f"django.core.mail.backends.{'console' if DEBUG else 'smtp'}.EmailBackend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENV.default_from_email

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

MEDIA_ROOT = VAR_DIR / "files"  # has no address of its own: pages hand out what their reader may have
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_SSL_REDIRECT = False  # the edge redirects; /healthz must answer over plain HTTP
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "apps.common.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": ENV.log_level},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "asyncio": {"level": "WARNING"},
    },
}
