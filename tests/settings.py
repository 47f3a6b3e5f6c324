"""Settings of the test runs: the product's own, with an environment that is nobody's.

TEST_DATABASE=postgres runs on a real PostgreSQL that is started here, before Django connects.
"""

import os
import tempfile
from pathlib import Path

from rewards_site.environment import NAMES

for _name in NAMES & os.environ.keys():
    del os.environ[_name]
os.environ |= {
    "READ_DOT_ENV": "off",  # a developer's own may lead to the real Button, or to real books
    "SECRET_KEY": "only-for-tests-0123456789-0123456789",
    "DEBUG": "off",
    "ALLOWED_HOSTS": "*",
    "BUTTON_API_KEY": "sk-test-0123456789abcdef",
    "BUTTON_WEBHOOK_SECRETS": "whsec-test-0001, whsec-test-0002",
    "BUTTON_TEST_WEBHOOK_SECRETS": "whsec-sandbox-0001",
    "MEMBER_JWT_SECRET": "member-secret-for-tests-0123456789-0123456789",
    "LOG_LEVEL": "ERROR",
    "RATE_DECISIONS_DAYS": "0",  # a thread beside a test would see a database of its own
}
_directory = Path(tempfile.mkdtemp(prefix="rewards-tests-"))
os.environ["CACHE_DIR"] = f"{_directory}/cache"  # of the processes that tests start
if os.environ.get("TEST_DATABASE", "sqlite") == "postgres":
    from tests.postgres import url_for_tests

    os.environ["DATABASE_URL"] = url_for_tests()
else:
    os.environ["DATABASE_URL"] = f"sqlite:///{_directory}/rewards.db"

from rewards_site.settings import *  # noqa: E402, F403
from rewards_site.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, so that threads and other processes see the same database.
    DATABASES["default"]["TEST"] = {"NAME": str(_directory / "test.db")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
