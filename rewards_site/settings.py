"""Environment → settings, and nothing else. docs/operations.md tells every variable."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from rewards_site.environment import amounts, choice, env, instant, switch, texts, whole
from rewards_site.libraries import Q_CLUSTER, REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401

django_stubs_ext.monkeypatch()  # ModelAdmin[Entry] fails at run time without it

BASE_DIR = Path(__file__).resolve().parent.parent
if switch("READ_DOT_ENV", default=True):  # off: for the demo and for tests, which are nobody's
    environ.Env.read_env(BASE_DIR / ".env")

# Django -------------------------------------------------------------------------------------------
DEBUG = switch("DEBUG", default=False)
SECRET_KEY: str = env.str("SECRET_KEY", default="only-for-development" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set it to a long random text (and keep it), "
        "or set DEBUG=on for a machine of your own."
    )
SEAL_KEYS = texts("SEAL_KEYS", least=32)  # the first seals, all open (docs/security.md)
ALLOWED_HOSTS = texts("ALLOWED_HOSTS") or (["*"] if DEBUG else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = texts("CSRF_TRUSTED_ORIGINS")
TRUST_PROXY = switch("TRUST_PROXY", default=False)
if TRUST_PROXY:  # TLS ends in front; we never redirect to https ourselves
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TRUST_PROXY
SESSION_COOKIE_AGE = 12 * 60 * 60

ROOT_URLCONF = "rewards_site.urls"
WSGI_APPLICATION = "rewards_site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
BUSINESS_TIME_ZONE = ZoneInfo(env.str("BUSINESS_TIME_ZONE", default="UTC"))

INSTALLED_APPS = [
    # Ours first: their management commands (qcluster) come before those of the libraries.
    "accounts_sync",
    "accounts_sync.inbox",
    "accounts_sync.missed",
    "transactions",
    "transactions.ledger",
    "transactions.activity",
    "transactions.opening",
    "transactions.merging",
    "transactions.backtests",
    "transactions.redemptions",
    "transactions.payouts",
    "transactions.claims",
    "transactions.adjustments",
    "transactions.freezes",
    "transactions.releases",
    "transactions.expiry",
    "offers",
    "offers.rules",
    "offers.brandrecord",
    "offers.clicks",
    "offers.decisions",
    "rewards_site",
    "rewards_site.reports",
    "rewards_site.notifications",
    "rewards_site.outward",
    "rewards_site.approvals",
    "rewards_site.api_keys",
    "rewards_site.staff_otp",
    "rewards_site.members",
    "rewards_site.button.ratelimit",
    "rewards_site.health",
    "rewards_site.apps.RewardsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    *("django_otp", "django_otp.plugins.otp_totp", "django_otp.plugins.otp_static"),
]
MIDDLEWARE = [
    "rewards_site.kernel.proxy.ProxyMiddleware",
    "rewards_site.kernel.machine_doors.MachineDoorsMiddleware",
    "rewards_site.kernel.api.middleware.ApiDoorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "rewards_site.staff_otp.gate.StaffOtpMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
MACHINE_DOORS = ("/health/", "/webhooks/", "/metrics")
"""What lies below answers whatever the Host header says (kernel/machine_doors.py)."""
API_DOORS, API_PAGES = ("/api/",), ("/api/v1/docs/",)
"""Calls of the API pass by what guards pages; its docs are a page (kernel/api/middleware.py)."""
APPEND_SLASH = True
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
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = "admin:login"
STAFF_OTP_REQUIRED = switch("STAFF_OTP_REQUIRED", default=False)
OTP_TOTP_ISSUER = "Button rewards"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "rewards_site" / "static"]
WHITENOISE_USE_FINDERS = True  # no collectstatic step: the files are few and small
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Database -----------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/var/rewards.db")}
_database = DATABASES["default"]
if "ENGINE" not in _database:
    raise ImproperlyConfigured(
        "DATABASE_URL is no address of a database, as sqlite:////a/path/rewards.db or "
        "postgres://user:password@host/name would be."
    )
_database["ATOMIC_REQUESTS"] = False
if _database["ENGINE"].endswith("sqlite3"):
    if _database["NAME"] != ":memory:":
        Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    _database["CONN_MAX_AGE"] = 60
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # makes read-modify-write safe without row locks
        "timeout": 10,
        # FULL: a commit that was answered survives a power cut. NORMAL could lose the last ones.
        # recursive_triggers: INSERT OR REPLACE must not delete past the guards of the books.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA recursive_triggers=ON",
    }
elif _database["ENGINE"].endswith("postgresql"):
    # postgres://user@%2Frun%2Fpostgresql/name: the directory of a Unix socket as the host
    _database["HOST"] = unquote(_database["HOST"])
    _options = _database.setdefault("OPTIONS", {})
    # A lock that is not had in two seconds is a 503: Button sends again (contract, section 3).
    _options["options"] = (_options.get("options", "") + " -c lock_timeout=2000").strip()
    # A pool for the threads of the web server (manage.py serve sets it). Never in a process that
    # forks after it connected, as the worker does: forked sockets are shared ones.
    if switch("DATABASE_POOL", default=False):
        _options["pool"] = {"min_size": 2, "max_size": 16, "timeout": 5}
    else:
        _database["CONN_MAX_AGE"] = 60
        _database["CONN_HEALTH_CHECKS"] = True

# Cache: django-q2's own view of its cluster travels through it, between processes -----------------
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": env.str("CACHE_DIR", default="") or BASE_DIR / "var" / "cache",
    }
}

# Button -------------------------------------------------------------------------------------------
BUTTON_API_KEY: str = env.str("BUTTON_API_KEY", default="")
BUTTON_API_URL: str = env.str("BUTTON_API_URL", default="https://api.usebutton.com").rstrip("/")
BUTTON_OFFERS_URL: str = env.str(
    "BUTTON_OFFERS_URL", default="https://pubapi.usebutton.com"
).rstrip("/")
BUTTON_OFFERS_RATE_LIMIT = whole("BUTTON_OFFERS_RATE_LIMIT", 5000, least=1, most=1_000_000)
WEB_THREADS = whole("WEB_THREADS", 64, least=1, most=10_000)
"""Of one web process; manage.py serve sets it. At most half of them wait for Button."""
BUTTON_WEBHOOK_SECRETS = texts("BUTTON_WEBHOOK_SECRETS")
BUTTON_TEST_WEBHOOK_SECRETS = texts("BUTTON_TEST_WEBHOOK_SECRETS")

# Webhooks that did not come (docs/missed-webhooks.md) ---------------------------------------------
MISSED_WEBHOOKS_GRACE_MINUTES = whole("MISSED_WEBHOOKS_GRACE_MINUTES", 15, least=1, most=4 * 1440)
MISSED_WEBHOOKS_ALARM_PERCENT = whole("MISSED_WEBHOOKS_ALARM_PERCENT", 5, least=0, most=100)
MISSED_WEBHOOKS_ALARM_COUNT = whole("MISSED_WEBHOOKS_ALARM_COUNT", 5, least=1, most=1_000_000)

# The inbox's bodies: 0 keeps all of them in the database (docs/operations.md) ---------------------
INBOX_BODY_MONTHS = whole("INBOX_BODY_MONTHS", 0, least=0, most=1200)
INBOX_ARCHIVE_DIR: str = env.str("INBOX_ARCHIVE_DIR", default="")
if INBOX_BODY_MONTHS and not INBOX_ARCHIVE_DIR:
    raise ImproperlyConfigured("INBOX_BODY_MONTHS is set, and INBOX_ARCHIVE_DIR is not.")

# Rewards ------------------------------------------------------------------------------------------
ATTRIBUTION_FIELD = choice(
    "ATTRIBUTION_FIELD",
    "either",
    {"publisher_customer_id", "pub_ref", "either", "pub_ref_is_customer_id"},
)
REWARD_DEFAULT_SHARE_BPS = whole("REWARD_DEFAULT_SHARE_BPS", 5000, least=0, most=10_000)
GO_LIVE_AT = instant("GO_LIVE_AT")
REWARD_BEFORE_GO_LIVE = switch("REWARD_BEFORE_GO_LIVE", default=True)

RATE_DECISIONS_DAYS = whole("RATE_DECISIONS_DAYS", 400, least=0, most=36_500)
"""How long it is kept what members were shown; 0: it is not written down."""

MOVE_APPROVAL_LIMITS = amounts("MOVE_APPROVAL_LIMITS", "USD=5000")
"""Currency → the reward, in minor units, from which on two people move an order; none: always."""

# Members' tokens ----------------------------------------------------------------------------------
MEMBER_JWT_SECRET: str = env.str("MEMBER_JWT_SECRET", default="")
MEMBER_JWT_JWKS_URL: str = env.str("MEMBER_JWT_JWKS_URL", default="")
MEMBER_JWT_ISSUER: str = env.str("MEMBER_JWT_ISSUER", default="")
MEMBER_JWT_AUDIENCE: str = env.str("MEMBER_JWT_AUDIENCE", default="")

# Polling ------------------------------------------------------------------------------------------
_hours = re.fullmatch(r"(\d{1,2})-(\d{1,2})", env.str("SYNC_PEAK_HOURS", default="8-23"))
if not _hours or not all(0 <= int(hour) <= 24 for hour in _hours.groups()):
    raise ImproperlyConfigured("SYNC_PEAK_HOURS is two hours of the day, such as 8-23.")
SYNC_PEAK_HOURS = (int(_hours[1]), int(_hours[2]))
"""From the first hour to before the second, in BUSINESS_TIME_ZONE: (8, 23) is 08:00 to 22:59."""
SYNC_PEAK_MINUTES = whole("SYNC_PEAK_MINUTES", 5, least=1, most=24 * 60)
SYNC_OFFPEAK_MINUTES = whole("SYNC_OFFPEAK_MINUTES", 30, least=1, most=24 * 60)

# Money out ----------------------------------------------------------------------------------------
REDEMPTION_MINIMUMS = amounts("REDEMPTION_MINIMUMS", "USD=500")
"""Currency → the least that can be redeemed, in minor units; of others 1."""

# Payouts (docs/payouts.md) ------------------------------------------------------------------------
PAYPAL_API_URL: str = env.str("PAYPAL_API_URL", default="https://api-m.paypal.com").rstrip("/")
PAYPAL_CLIENT_ID: str = env.str("PAYPAL_CLIENT_ID", default="")
PAYPAL_CLIENT_SECRET: str = env.str("PAYPAL_CLIENT_SECRET", default="")
PAYOUT_APPROVAL_LIMITS = amounts("PAYOUT_APPROVAL_LIMITS", "")
"""Currency → the total of a batch, in minor units, above which two people send it; none: never."""

# Outward events (docs/outward-events.md) ----------------------------------------------------------
OUTWARD_ALLOW_PRIVATE = switch("OUTWARD_ALLOW_PRIVATE", default=False)
"""Whether they may go to private addresses and this machine, and by plain http."""

# Alarms and metrics -------------------------------------------------------------------------------
ALERT_EMAILS = texts("ALERT_EMAILS")
ALERT_WEBHOOK_URL: str = env.str("ALERT_WEBHOOK_URL", default="")
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
# smtp+tls://user:password@host:587; where it is not set, e-mails go to the log
globals().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="rewards@localhost")

# Logging ------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "rewards_site.kernel.log.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "urllib3": {"level": "WARNING"}},
}
