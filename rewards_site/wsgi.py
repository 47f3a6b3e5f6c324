"""The WSGI application that `manage.py serve` runs."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rewards_site.settings")

application = get_wsgi_application()

# Only now are the apps loaded.
from rewards_site.health import watch  # noqa: E402
from rewards_site.members import jwks  # noqa: E402

watch.start_if_asked()
jwks.fetch_ahead()
