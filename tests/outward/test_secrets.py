"""Secrets of subscriptions: rotated with both signing, sealed, and sealed anew."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from accounts_sync.tasks import forget_outward_events
from rewards_site.kernel import clock
from rewards_site.outward.deliver import deliver_events
from rewards_site.outward.models import Delivery, Subscription
from rewards_site.outward.services import rotate_secret
from tests.notifications.telling import news, tell
from tests.outward.receiving import Receiver, staff, subscribe

pytestmark = pytest.mark.django_db


def test_both_secrets_sign_while_one_takes_over_from_the_other(receiver: Receiver) -> None:
    old = subscribe(receiver.url)
    rotated = {"pk": old.row.pk, "actor": staff(), "reason": "Yearly.", "at": clock.now()}
    new = rotate_secret(**rotated, old_hours=24)  # type: ignore[arg-type]
    receiver.secrets = [old.text, new.text]
    tell(news("order/1"))
    deliver_events()
    Subscription.objects.update(old_secret_until=clock.now())
    tell(news("order/2"))
    deliver_events()
    newest = rotate_secret(**rotated, old_hours=0)  # type: ignore[arg-type]
    receiver.secrets.append(newest.text)
    tell(news("order/3"))
    deliver_events()

    by_sequence = sorted(receiver.received, key=lambda got: got.sequence)
    assert [got.verified_by for got in by_sequence] == [
        [old.text, new.text],
        [new.text],
        [newest.text],
    ]
    stored = Subscription.objects.values_list("sealed_secret", "sealed_old_secret").get()
    assert newest.text.removeprefix("whsec_") not in str(stored)


def test_a_secret_that_cannot_be_opened_is_told(receiver: Receiver, settings: Settings) -> None:
    subscribe(receiver.url)
    tell(news())
    settings.SECRET_KEY = "another-secret-key-0123456789-0123456789"

    assert deliver_events().failed == 1

    assert receiver.received == []
    assert Delivery.objects.get().last_error == "its secret cannot be opened: rotate it"


def test_secrets_outlive_the_key_that_sealed_them(receiver: Receiver, settings: Settings) -> None:
    made = subscribe(receiver.url)
    receiver.secrets = [made.text]
    old, settings.SECRET_KEY = settings.SECRET_KEY, "unused-secret-key-0123456789-0123456789"
    settings.SEAL_KEYS = ["a-new-seal-key-0123456789-0123456789", old]
    assert forget_outward_events() == 0
    sealed_anew = Subscription.objects.get().sealed_secret
    settings.SEAL_KEYS = settings.SEAL_KEYS[:1]
    tell(news())

    assert deliver_events().delivered == 1

    forget_outward_events()
    assert Subscription.objects.get().sealed_secret == sealed_anew  # it was by the first already
