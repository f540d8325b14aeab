"""The machine's settings, all from the environment; what a librarian decides is a row in the database.

Without any variable set this is the installation that ``make run`` starts: DEBUG off, localhost only, the embedded
servers under ``var/``. README.md lists the variables.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF

from library import embedded, secrets

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = secrets.folder()


def flag(name: str, *, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


def words(name: str, *, default: str = "") -> list[str]:
    """A list in the environment: separated by commas or spaces."""
    return os.environ.get(name, default).replace(",", " ").split()


SECRET_KEY = secrets.secret_key()
SECRET_KEY_FALLBACKS = list(secrets.former_keys())
DEBUG = flag("DEBUG", default=False)
SITE_URL = os.environ.get("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
# This machine always: the container's health check and monitors on the inside ask by these names.
ALLOWED_HOSTS = [*words("ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")

# Apps ---------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "library",
    "notices",
    "circulation",
    "smtp_gateway",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_htmx",
    "auditlog",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "library.unreadable.UnreadableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "library.access.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it answers for the sign-in that the others let through
]

ROOT_URLCONF = "library.urls"
WSGI_APPLICATION = "library.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "library.context.frame",
            ],
        },
    }
]

# Database and broker ------------------------------------------------------------------------------------------------

POSTGRES_PORT = int(os.environ.get("LIBRARY_POSTGRES_PORT", "54329"))
VALKEY_PORT = int(os.environ.get("LIBRARY_VALKEY_PORT", "63799"))


def embedded_address(port: int) -> embedded.Address:
    """Where ``manage.py up`` starts a server when no URL names another."""
    return embedded.Address(port=port, password=secrets.kept_in(VAR_DIR / "servers-password"))


DATABASE_URL = os.environ.get("DATABASE_URL") or embedded_address(POSTGRES_PORT).database_url
REDIS_URL = os.environ.get("REDIS_URL") or embedded_address(VALKEY_PORT).redis_url


def database(url: str) -> dict[str, Any]:
    """Django's settings for ``postgresql://user:password@host:port/name``; a query (``?sslmode=…``) goes to libpq."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(f"DATABASE_URL must begin with postgresql://, not {parts.scheme}://: nothing else will do.")
    pairs = [pair.partition("=") for pair in parts.query.split("&") if pair]
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 10,
            # A machine that was cut off is noticed within a minute, by both ends: the gateway's slots are locks of such
            # a session. Keepalives ask a silent line; where something was said and not heard, only the time-out counts.
            "keepalives_idle": 20,
            "keepalives_interval": 10,
            "keepalives_count": 4,
            "tcp_user_timeout": 60_000,
            "options": "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=4"
            " -c tcp_user_timeout=60s"
            " -c statement_timeout=120s -c lock_timeout=20s -c idle_in_transaction_session_timeout=300s",
            **{unquote(name): unquote(value) for name, _, value in pairs},
        },
    }


DATABASES = {"default": database(DATABASE_URL)}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 30,
    "socket_connect_timeout": 10,
    "socket_keepalive": True,
    "health_check_interval": 20,
}
# No results: with an expiry set, beat would add a clean-up of its own.
CELERY_RESULT_BACKEND = None
CELERY_RESULT_EXPIRES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# Early acknowledgement: a task that died is not run again by the broker but by the next tick, from the rows.
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {"smtp_gateway.check": {"queue": "gateway"}}
CELERY_TASK_TIME_LIMIT = 30 * 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE: dict[str, Any] = {}
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

# Language, time, files ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-au"
TIME_ZONE = os.environ.get("LIBRARY_TIME_ZONE") or os.environ.get("TIME_ZONE") or "Australia/Melbourne"
USE_TZ = True
CELERY_TIMEZONE = TIME_ZONE

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or VAR_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "OPTIONS": {"file_permissions_mode": 0o644},  # in an image, another account gathers them than reads them
    },
}
MEDIA_ROOT = VAR_DIR / "files"
FILE_UPLOAD_PERMISSIONS = 0o600

# Who comes in -------------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# A whole school shares one address: the pair of name and address is locked, not the address.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_USERNAME_CALLABLE = "library.access.name_tried"
AXES_CLIENT_IP_CALLABLE = "library.access.address_of"
# How many proxies stand before us, each adding where a request came from to X-Forwarded-For; none is believed unasked.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES") or 0)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

AUDITLOG_DISABLE_REMOTE_ADDR = True

SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"

# HTTPS is the normal case behind a proxy; `make run` speaks plain HTTP to this machine only and says so.
HTTPS = flag("HTTPS", default=False)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # containers and monitors ask on the inside
SECURE_HSTS_SECONDS = int(os.environ.get("HSTS_SECONDS") or 31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

# What is said aloud: warnings, to standard error, without personal data ---------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "library.logs.Discreet", "fmt": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        # A 404 or a refused page is no news, and its path may name a person.
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        # A suspicious request is refused, and quotes itself; but a name of the site that was forgotten must be told.
        "django.security": {"level": "CRITICAL"},
        "django.security.DisallowedHost": {"level": "ERROR"},
        "axes": {"level": "ERROR"},
    },
}
