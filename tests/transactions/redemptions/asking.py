"""Members who have earned something, and ask for it."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User

from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.members.services import ensure_held
from tests.factories import MEMBER, observe, tell
from tests.members.calling import call
from transactions.redemptions.models import Redemption, Via
from transactions.redemptions.requesting import Wanted, request_redemption
from transactions.redemptions.services import Moved, approve_alone

DESTINATION = "DE89 3704 0044 0532 0130 00"
_numbers = itertools.count(1)


def fund(amount_minor: int, *, customer_id: str = MEMBER, currency: str = "USD") -> None:
    """Have the member earn so much, for good: half of a commission."""
    [outcome] = tell(
        observe(
            f"tx-fund-{next(_numbers)}",
            account_id=f"acc-{currency}",
            currency=currency,
            amount_minor=2 * amount_minor,
            status="validated",
            publisher_customer_id=customer_id,
        )
    )
    assert outcome.transaction_id is not None, outcome


def body(amount: Any = 500, **told: Any) -> dict[str, Any]:
    """What an app sends."""
    asked = {"currency": "USD", "amount": amount, "method": "manual", "destination": DESTINATION}
    return asked | told


def ask(told: object, *, key: str | None = None, customer_id: str = MEMBER, **more: Any) -> Any:
    """POST it, with a key of its own unless told."""
    headers = {"Idempotency-Key": key if key is not None else str(uuid4())}
    return call(
        "redemptions/",
        method="POST",
        body=told,
        customer_id=customer_id,
        headers=headers | more.pop("headers", {}),
        **more,
    )


def requested(
    amount_minor: int = 500,
    *,
    customer_id: str = MEMBER,
    currency: str = "USD",
    destination: str = DESTINATION,
) -> Redemption:
    """A redemption that was asked for, by the service. Its member has the money."""
    at = clock.now()
    with atomic():
        return request_redemption(
            member_id=ensure_held(customer_id, at=at),
            wanted=Wanted(
                currency=currency,
                amount_minor=amount_minor,
                method="manual",
                destination=destination,
            ),
            via=Via.MEMBER,
            at=at,
        )


def staff(name: str = "clerk") -> User:
    return User.objects.get_or_create(username=name, defaults={"is_staff": True})[0]


def approved(row: Redemption, *, by: User | None = None) -> Moved:
    actor = by or staff()
    return approve_alone(
        redemption_id=row.pk, actor_id=actor.pk, reason="Looks right.", at=clock.now()
    )
