"""What staff do to subscriptions and to events that were not delivered."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError
from django.db.models import Max

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from rewards_site.notifications.models import Notice
from rewards_site.outward.addresses import NotAllowed, NotFoundName, addresses_of, place_of
from rewards_site.outward.events import TEST_TYPE, unknown
from rewards_site.outward.models import (
    NAME_LENGTH_MAX,
    UNSENT,
    Delivery,
    DeliveryStatus,
    Subscription,
    SubscriptionStatus,
)
from rewards_site.outward.signing import new_secret, sealed
from rewards_site.outward.switching import hold_open, set_status

log = logging.getLogger(__name__)

REASON_LENGTH_MAX = 500
SUBSCRIPTIONS_MAX = 50
OLD_SECRET_HOURS_MAX = 7 * 24
_WORDS = {"name": "name", "url": "address", "event_types": "events"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSecret:
    """A secret that was just made, and the only copy of its text."""

    row: Subscription
    text: str

    def __repr__(self) -> str:
        return f"MadeSecret({self.row})"


def make_subscription(
    *,
    name: str,
    url: str,
    event_types: Collection[str],
    actor: AbstractBaseUser,
    reason: str,
    at: datetime,
) -> MadeSecret:
    """A new subscription, active at once, told of what happens from now on.

    Raises: InvalidInput; Conflict (its name is taken, or there are too many).
    """
    _checked_reason(reason)
    name, url = _checked(name=name, url=url, event_types=event_types)
    if Subscription.objects.count() >= SUBSCRIPTIONS_MAX:
        raise Conflict(f"There are {SUBSCRIPTIONS_MAX} subscriptions already: change one of them.")
    text = new_secret()
    try:
        with atomic():
            row = Subscription.objects.create(
                name=name,
                url=url,
                event_types=sorted(set(event_types)),
                sealed_secret=sealed(text),
                status_since=at,
                created_at=at,
                begins_after=Notice.objects.aggregate(latest=Max("pk"))["latest"] or 0,
                created_by_id=actor.pk,
            )
    except IntegrityError as error:
        raise Conflict("A subscription of that name is there already.") from error
    log.info("outward.made", extra={"subscription": row.pk, "actor": actor.pk})
    return MadeSecret(row=row, text=text)


def change_subscription(
    *, pk: int, name: str, url: str, event_types: Collection[str], reason: str
) -> list[str]:
    """Give it another name, address or choice of events; what changed, before and after.

    What waits goes to the new address; the choice is that of later events.
    Raises: InvalidInput, NotFound, Conflict.
    """
    _checked_reason(reason)
    name, url = _checked(name=name, url=url, event_types=event_types)
    new: dict[str, str | list[str]] = {
        "name": name,
        "url": url,
        "event_types": sorted(set(event_types)),
    }
    try:
        with atomic():
            row = _locked(pk)
            old = {field: getattr(row, field) for field in new}
            changed = [field for field in new if old[field] != new[field]]
            for field in changed:
                setattr(row, field, new[field])
            if changed:
                row.save(update_fields=changed)
    except IntegrityError as error:
        raise Conflict("A subscription of that name is there already.") from error
    return [f"{_WORDS[field]} {_said(old[field])} → {_said(new[field])}" for field in changed]


def rotate_secret(
    *, pk: int, old_hours: int, actor: AbstractBaseUser, reason: str, at: datetime
) -> MadeSecret:
    """A new secret; the one before goes on signing, beside it, for `old_hours`.

    Raises: InvalidInput, NotFound.
    """
    _checked_reason(reason)
    if not 0 <= old_hours <= OLD_SECRET_HOURS_MAX:
        raise InvalidInput(
            "The old secret cannot be kept that long.",
            fields={"old_hours": f"0-{OLD_SECRET_HOURS_MAX} hours"},
        )
    text = new_secret()
    with atomic():
        row = _locked(pk)
        row.sealed_old_secret = row.sealed_secret if old_hours else ""
        row.old_secret_until = at + timedelta(hours=old_hours) if old_hours else None
        row.sealed_secret = sealed(text)
        row.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until"])
    log.info("outward.rotated", extra={"subscription": pk, "actor": actor.pk})
    return MadeSecret(row=row, text=text)


def pause_subscription(*, pk: int, reason: str, at: datetime) -> None:
    """Nothing is sent; events are numbered and wait. Raises: InvalidInput, NotFound, Conflict."""
    reason = _checked_reason(reason)
    with atomic():
        row = _locked(pk)
        if row.status != SubscriptionStatus.ACTIVE:
            raise Conflict(f"It is {row.status} already.")
        set_status(row, SubscriptionStatus.PAUSED, reason=reason, at=at)


def resume_subscription(*, pk: int, reason: str, at: datetime) -> None:
    """Send what waits, and what comes. Raises: InvalidInput, NotFound, Conflict."""
    reason = _checked_reason(reason)
    with atomic():
        row = _locked(pk)
        if row.status == SubscriptionStatus.ACTIVE:
            raise Conflict("It is active already.")
        set_status(row, SubscriptionStatus.ACTIVE, reason=reason, at=at)


def switch_off_subscription(*, pk: int, reason: str, at: datetime) -> int:
    """Send nothing any more; how many events were held. They can be replayed later.

    Of one that its receiver has switched off: staff know. Raises: InvalidInput, NotFound, Conflict.
    """
    reason = _checked_reason(reason)
    with atomic():
        row = _locked(pk)
        if row.status == SubscriptionStatus.OFF and not row.is_off_by_receiver:
            raise Conflict("It is switched off already.")
        since = row.status_since if row.status == SubscriptionStatus.OFF else at
        set_status(row, SubscriptionStatus.OFF, reason=reason, at=since)
        return hold_open(row, at=at)


def send_test_event(*, pk: int, at: datetime) -> Delivery:
    """An event that tells of nothing, with the next number. Raises: NotFound, Conflict."""
    with atomic():
        row = _locked(pk)
        if row.status != SubscriptionStatus.ACTIVE:
            raise Conflict(f"It is {row.status}, so nothing is sent: resume it first.")
        delivery = Delivery.objects.create(
            subscription=row,
            event_type=TEST_TYPE,
            sequence=row.next_sequence,
            not_before=at,
            created_at=at,
            due_since=at,
        )
        row.next_sequence += 1
        row.save(update_fields=["next_sequence"])
    return delivery


def replay_delivery(*, pk: int, reason: str, at: datetime) -> None:
    """Send an event again that was given up or held: same number, same `webhook-id`.

    Raises: InvalidInput, NotFound, Conflict.
    """
    _checked_reason(reason)
    found = Delivery.objects.filter(pk=pk).values_list("subscription_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such delivery any more.")
    with atomic():
        _not_off(_locked(found))
        if not _replay(pk=pk, at=at):
            raise Conflict("It is not among those that were not delivered.")


def replay_subscription(*, pk: int, reason: str, at: datetime) -> int:
    """Send all again that was given up or held; how many. Raises: as replay_delivery()."""
    _checked_reason(reason)
    with atomic():
        _not_off(_locked(pk))
        count = _replay(subscription_id=pk, at=at)
    log.info("outward.replayed", extra={"subscription": pk, "deliveries": count})
    return count


def _said(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def url_problem(url: str) -> str:
    """Why nothing can be sent to `url`; empty where it can. Waits for the resolver."""
    allow_private = settings.OUTWARD_ALLOW_PRIVATE
    try:
        addresses_of(place_of(url, allow_private=allow_private), allow_private=allow_private)
    except (NotAllowed, NotFoundName) as error:
        return f"nothing can be sent there: {error}"
    return ""


def _replay(*, at: datetime, **which: int) -> int:
    return Delivery.objects.filter(status__in=UNSENT, **which).update(
        status=DeliveryStatus.DUE,
        round_attempt_count=0,
        not_before=at,
        due_since=at,
        ended_at=None,
    )


def _locked(pk: int) -> Subscription:
    """Before any delivery is. Raises: NotFound."""
    row = Subscription.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if row is None:
        raise NotFound("There is no such subscription.")
    return row


def _not_off(row: Subscription) -> None:
    if row.status == SubscriptionStatus.OFF:
        raise Conflict("Its subscription is switched off: resume it first.")


def _checked(*, name: str, url: str, event_types: Collection[str]) -> tuple[str, str]:
    """Name and URL, stripped. Waits for the resolver: never inside a transaction.

    Raises: InvalidInput.
    """
    name, url = name.strip(), url.strip()
    fields = {}
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        fields["name"] = f"1-{NAME_LENGTH_MAX} characters"
    if not event_types:
        fields["event_types"] = "choose what it is told"
    elif unknown(event_types):
        fields["event_types"] = f"{unknown(event_types)[0]} is no type of event"
    if problem := url_problem(url):
        fields["url"] = problem
    if fields:
        raise InvalidInput("This is no subscription yet.", fields=fields)
    return name, url


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )
    return reason
