"""dj-stripe as its documentation sets it up, on PostgreSQL, with no handler for what is sent."""

import os

from environ import Env

env = Env()
SECRET_KEY = "a secret key of the benchmark"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.benchmarks.peers.stripe_site.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "djstripe",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["HOST"] = DATABASES["default"]["HOST"].replace("%2F", "/")
if os.environ.get("DATABASE_POOL"):
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 16, "timeout": 5}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
STRIPE_TEST_SECRET_KEY = "sk_test_" + "0" * 24
STRIPE_LIVE_MODE = False
LOGGING_CONFIG = None
