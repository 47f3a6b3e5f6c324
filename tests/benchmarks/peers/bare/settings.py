"""The least that a webhook's view needs: a pool of connections."""

from environ import Env

env = Env()
SECRET_KEY = "a secret key of the benchmark"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.benchmarks.peers.bare.urls"
INSTALLED_APPS: list[str] = []
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["HOST"] = DATABASES["default"]["HOST"].replace("%2F", "/")
DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 16, "timeout": 5}}
USE_TZ = True
LOGGING_CONFIG = None
