"""The least that a DRF endpoint needs: no accounts, no sessions, no throttles."""

from environ import Env

env = Env()
SECRET_KEY = "a secret key of the benchmark"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.benchmarks.peers.drf_site.urls"
INSTALLED_APPS = ["rest_framework", "tests.benchmarks.peers.drf_site"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["HOST"] = DATABASES["default"]["HOST"].replace("%2F", "/")
DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 16, "timeout": 5}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
LOGGING_CONFIG = None
