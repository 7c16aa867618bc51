"""Django settings, derived from the typed environment (environment.py)."""

import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from callsphere import environment
from callsphere.unfold import FORMAT_MODULE_PATH, LOGIN_REDIRECT_URL, UNFOLD  # noqa: F401  # Django reads them here

ENV = environment.read()
BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"  # as in pyproject.toml, which an image need not hold
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
SECRET_KEY_FALLBACKS = ENV.secret_key_fallbacks
ALLOWED_HOSTS = ENV.allowed_hosts or (["*"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins

VERTICALS_DIR = BASE_DIR / "apps" / "verticals"
VERTICAL_APPS = sorted(
    f"apps.verticals.{folder.name}" for folder in VERTICALS_DIR.iterdir() if (folder / "apps.py").exists()
)

INSTALLED_APPS = [
    *(["daphne"] if "runserver" in sys.argv else []),  # it is that command; with it comes Twisted, some 40 MB
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "apps.common",
    "apps.tenants",
    "apps.live",
    "apps.business",
    "apps.conversations",
    "apps.agents",
    "apps.plans",
    *VERTICAL_APPS,
    "apps.analysis",
    "apps.telephony",
    "apps.chat",
    "apps.voice",
    "apps.dashboard",
    "apps.edge",
    "apps.inbox",
    "apps.accounts",
    "apps.affiliates",
    "apps.api",
    "apps.operations",
    "apps.sandbox",
]

MIDDLEWARE = [
    "apps.common.middleware.RequestContext",
    "apps.common.headers.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.tenants.middleware.MemberScope",
    "apps.accounts.sensitive.SensitiveSteps",
]
# The lean stack of routes that stream: async only, or every open stream would hold a thread.
STREAM_MIDDLEWARE = ["apps.common.middleware.RequestContext", "apps.common.headers.SecurityHeaders"]
STREAM_BODIES = {"/api/chat/ui": 1_048_576}  # the AI SDK sends the whole conversation with each message
STREAM_PREFIXES = (
    *("/api/chat/", "/api/voice/", "/api/dashboard/", "/api/inbox/", "/voice/"),
    *("/healthz", "/readyz", "/metrics"),
)

ROOT_URLCONF = "callsphere.urls"
ASGI_APPLICATION = "callsphere.asgi.application"
AUTH_USER_MODEL = "tenants.User"
LOGIN_URL = "account_login"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {}),
        ("CommonPasswordValidator", {}),
    )
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
        # Tried again every few seconds: stock, the pauses grow to as long as PostgreSQL was away.
        options["pool"] = {"min_size": 0, "max_size": ENV.database_pool_size, "timeout": 10, "reconnect_timeout": 5}
        # One round trip each time; without it, each connection that a restart ended would cost somebody an error.
        config["CONN_HEALTH_CHECKS"] = True
        # A host that is gone says nothing. The URL's own parameters win.
        for name, seconds in {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 5}.items():
            options.setdefault(name, seconds)
    return config


_AS_OWNER = sys.argv[1:2] in (["migrate"], ["backup"], ["restore"])
DATABASES = {"default": database((_AS_OWNER and ENV.database_owner_url) or ENV.database_url)}
DATABASE_RUNTIME_URL = ENV.database_url

REDIS_URL = ENV.redis_url
# For what packages count, such as failed logins: the limits hold for all processes together.
CACHES = {"default": {"BACKEND": "apps.common.cache.HouseCache", "LOCATION": "", "KEY_PREFIX": "cs:{platform}:cache"}}

OPENAI_API_KEY = ENV.openai_api_key
OPENAI_BASE_URL = ENV.openai_base_url
SANDBOX_ANSWERS = not (OPENAI_API_KEY or OPENAI_BASE_URL)
SANDBOX_ALLOWED = DEBUG or ENV.callsphere_sandbox
SANDBOX_PACE = ENV.sandbox_pace
SANDBOX_LAUNCHER = "apps.sandbox.launcher.ensure_running"
CHAT_MODEL = ENV.chat_model
VOICE_MODEL = ENV.voice_model
TRANSCRIPTION_MODEL = ENV.transcription_model
EMBEDDING_MODEL = ENV.embedding_model
TWILIO_ACCOUNT_SID = ENV.twilio_account_sid
TWILIO_AUTH_TOKEN = ENV.twilio_auth_token
TWILIO_API_BASE = ENV.twilio_api_base
TELNYX_PUBLIC_KEY = ENV.telnyx_public_key
PLIVO_AUTH_TOKEN = ENV.plivo_auth_token
VONAGE_SIGNATURE_SECRET = ENV.vonage_signature_secret
STRIPE_SECRET_KEY = ENV.stripe_secret_key
STRIPE_WEBHOOK_SECRET = ENV.stripe_webhook_secret
STRIPE_TAX = ENV.stripe_tax
STRIPE_API_BASE = ENV.stripe_api_base.rstrip("/")
# Where a form of the admin may lead to in the end: the pages on which one pays.
PAYMENT_PAGES = ["https://*.stripe.com"] if STRIPE_SECRET_KEY else ["http://127.0.0.1:*", "http://localhost:*"]
PUBLIC_URL = ENV.public_url.rstrip("/")
INBOX_LEASE = ENV.inbox_lease
CALL_BLACK_BOX = ENV.call_black_box
METRICS_TOKEN = ENV.metrics_token
OTEL_EXPORTER_OTLP_ENDPOINT = ENV.otel_exporter_otlp_endpoint
TRUST_TRACEPARENT = ENV.trust_traceparent
WORKER_METRICS = ENV.worker_metrics
TRUSTED_PROXIES = ENV.trusted_proxies
STREAMS_PER_ADDRESS = ENV.streams_per_address

API_REQUESTS_PER_MINUTE = ENV.api_requests_per_minute
WEBHOOK_NETWORKS = ENV.webhook_networks or (["127.0.0.0/8", "::1/128"] if DEBUG else [])
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.tenants.rest.bodies.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.tenants.rest.schema.ResourceSchema",
    "EXCEPTION_HANDLER": "apps.tenants.rest.problems.respond",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CallSphere",
    "DESCRIPTION": "What a business has in CallSphere, for its own programs.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "OAS_VERSION": "3.0.3",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key of the business: sk_…"}
        }
    },
    "SECURITY": [{"key": []}],
}

EMAIL_BACKEND = f"django.core.mail.backends.{'console' if DEBUG and not ENV.smtp_url else 'smtp'}.EmailBackend"
_SMTP = urlsplit(ENV.smtp_url or "smtp://localhost:25")
EMAIL_HOST, EMAIL_USE_SSL = _SMTP.hostname, _SMTP.scheme == "smtps"
EMAIL_PORT = _SMTP.port or (465 if EMAIL_USE_SSL else 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_SMTP.username or ""), unquote(_SMTP.password or "")
EMAIL_USE_TLS = bool(EMAIL_HOST_USER) and not EMAIL_USE_SSL  # a password is never sent in the clear
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENV.default_from_email

ACCOUNT_ADAPTER = "apps.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_CHANGE_EMAIL = True  # one address for each person
ACCOUNT_EMAIL_VERIFICATION = "optional"  # who signs up proves it by a code; a login made by hand must work at once
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False  # or a mailbox alone would do where a second factor is asked for
ACCOUNT_RATE_LIMITS = {
    # Failed ones: of an account also from everywhere; a new password by mail lets its owner in again at once.
    "login_failed": "10/m/ip,5/5m/key,50/d/key",
    "signup": "30/h/ip",
    "signup_mail": "10/h/ip,5/h/key",
    "signup_code": "20/h/key",
    "found": "5/d/key",
    "invite": "40/h/key",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
# Before what a thief of an open screen would want (accounts/sensitive.py).
SENSITIVE_STEPS_ASK = True
ADMINISTRATORS_NEED_SECOND_FACTOR = not DEBUG
MFA_ADAPTER = "apps.accounts.adapters.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # sign-up proves addresses; a login made by hand may need one at once
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute wrong

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

MEDIA_ROOT = VAR_DIR / "files"  # has no address of its own: pages hand out what their reader may have
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # pages that need the token have it in their configuration
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# With the prefix browsers take a cookie from this very host over TLS only (RFC 6265bis, §4.1.3.2).
SESSION_COOKIE_NAME = "sessionid" if DEBUG else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if DEBUG else "__Host-csrftoken"
CSRF_FAILURE_VIEW = "callsphere.errors.forged"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENV.hsts_subdomains
SECURE_HSTS_PRELOAD = ENV.hsts_preload
SECURE_SSL_REDIRECT = False  # the edge redirects; /healthz must answer over plain HTTP
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Said once here, so that `check --deploy` is silent when all is well: W008 is the line above about the edge; W021 and
# W005 are the operator's word about names that are not ours (HSTS_PRELOAD, HSTS_SUBDOMAINS).
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W021", *([] if ENV.hsts_subdomains else ["security.W005"])]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

_SILENT = ("httpx", "httpx2", "stripe", "twilio", "asyncio", "uvicorn.access", "websockets", "urllib3", "PIL")
"""Packages that log each request, some with all of its fields."""
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "apps.common.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    # Other packages' DEBUG is what they send and receive, and their INFO often its addresses.
    "root": {"handlers": ["stderr"], "level": ENV.log_level if ENV.log_level != "DEBUG" else "INFO"},
    "loggers": {
        **{name: {"level": ENV.log_level} for name in ("apps", "callsphere")},
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        **{name: {"level": "WARNING"} for name in _SILENT},
    },
}
