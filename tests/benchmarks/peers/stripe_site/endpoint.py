"""Make the rows that dj-stripe wants before it takes a webhook; print the endpoint's UUID."""

import os

import django

django.setup()

from djstripe.models import (  # type: ignore[import-not-found]  # noqa: E402  # in its own venv
    Account,
    APIKey,
    WebhookEndpoint,
)

account = Account.objects.create(id="acct_bench", livemode=False)
APIKey.objects.create(
    secret="sk_test_" + "0" * 24, livemode=False, type="secret", djstripe_owner_account=account
)
endpoint = WebhookEndpoint.objects.create(
    id="we_bench",
    secret=os.environ["WEBHOOK_SECRET"],
    livemode=False,
    url="http://127.0.0.1/",
    enabled_events=["*"],
    api_version="2024-06-20",
    djstripe_validation_method="verify_signature",
    djstripe_owner_account=account,
)
print(endpoint.djstripe_uuid)
