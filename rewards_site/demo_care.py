"""`make demo`: money out and care: what staff have set, redemptions, claims, outward events.

What it needs comes in DEMO_CARE as JSON, by the names of the fields of People. It may be killed and
started again: what is there already is left as it is.
"""

from __future__ import annotations

import django

if __name__ == "__main__":
    django.setup()

import json
import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from offers.models import Merchant
from rewards_site import demo_claims, demo_money_out
from rewards_site.demo_people import REASON, People, staff
from rewards_site.demo_receiver import BROKEN_PATH
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from rewards_site.members.models import Member
from rewards_site.notifications.services import edit_text
from rewards_site.notifications.texts import TextKey
from rewards_site.outward.fanout import fan_out
from rewards_site.outward.models import Subscription
from rewards_site.outward.services import (
    MadeSecret,
    make_subscription,
    rotate_secret,
    switch_off_subscription,
)
from transactions.adjustments.budgets import set_budget
from transactions.expiry.setting import set_expiry
from transactions.freezes.services import freeze_member
from transactions.releases.choices import ReleaseMode
from transactions.releases.services import set_release

SUBSCRIPTIONS = (
    ("Loyalty app", "/rewards", ("*",)),
    ("Tills in the shops (broken at first)", BROKEN_PATH, ("redemption.*", "claim.*")),
    ("The old mailing tool", "/rewards", ("claim.*",)),
)
"""Name, path at the receiver, and what it is told."""
_HELD_BACK, _DAYS = "Wayfarer Stays", 30
_FROZEN = "member-7"


def set_rules_of_care() -> None:
    """What ops and finance have set. Nothing expires: no balance is as old."""
    ops, finance, at = staff("ops"), staff("finance"), clock.now()
    with suppress(Conflict):  # it is so already, here and below
        set_release(
            merchant_id=Merchant.objects.get(name=_HELD_BACK).merchant_id,
            mode=ReleaseMode.DELAY,
            delay_days=_DAYS,
            actor=ops,
            reason="Guests cancel late, and the brand takes the commission back.",
            at=at,
        )
    with suppress(Conflict):
        set_expiry(
            currency="USD",
            is_on=True,
            idle_days=3 * 365,
            warn_days=60,
            actor=finance,
            reason="Our terms of service, section 8.",
            at=at,
        )
    with suppress(Conflict):
        set_budget(currency="USD", month_minor=50_000, actor=finance, reason=REASON, at=at)
    with suppress(Conflict):
        edit_text(
            key=TextKey.REWARD_AVAILABLE,
            language="en",
            title="{amount} for you",
            body="{store} has confirmed your order: {amount} is yours. Treat yourself!",
            seen_number=0,
            actor=ops,
            reason="Sounds more like us.",
            at=at,
        )


def subscribe(people: People) -> None:
    """Three receivers: one that is well, one that is broken, and one that nobody uses any more."""
    fan_out(at=clock.now())  # what happened before there was anybody to tell
    path = Path(people.receiver_secrets)
    secrets: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    for name, where, event_types in SUBSCRIPTIONS:
        if where not in secrets or not Subscription.objects.filter(name=name).exists():
            made = _subscribed(name, people.receiver + where, event_types)
            secrets.setdefault(where, made.text)
            path.write_text(json.dumps(secrets))
    old = Subscription.objects.get(name=SUBSCRIPTIONS[-1][0])
    with suppress(Conflict):
        switch_off_subscription(pk=old.pk, reason="Nobody reads it any more.", at=clock.now())


def _subscribed(name: str, url: str, event_types: tuple[str, ...]) -> MadeSecret:
    """Made, or with a new secret where nobody has the one it was made with."""
    ops, at = staff("ops"), clock.now()
    known = Subscription.objects.filter(name=name).first()
    if known is not None:
        return rotate_secret(pk=known.pk, old_hours=0, actor=ops, reason=REASON, at=at)
    return make_subscription(
        name=name, url=url, event_types=event_types, actor=ops, reason=REASON, at=at
    )


def hold_something_back(people: People) -> None:
    """An order that is validated, and whose reward is held back for a month all the same."""
    order = {"customer": "member-1", "merchant": _HELD_BACK, "total": 28_900, "amount": 1_300}
    told = people.tell_button("orders", order)
    people.tell_button(f"orders/{told['button_order_id']}/validate", {})


def freeze() -> None:
    """Who asked for money before (demo_money_out.py): it cannot be approved now."""
    at = clock.now()
    with suppress(Conflict):
        freeze_member(
            member_id=Member.objects.get(customer_id=_FROZEN).pk,
            until=(at + timedelta(days=14)).replace(hour=0, minute=0, second=0, microsecond=0),
            actor=staff("ops"),
            reason="Forty orders from one device in a day; asked for papers.",
            at=at,
        )


def main() -> None:
    os.environ["no_proxy"] = "*"  # all of it is on this machine; urllib minds http_proxy
    people = People(**json.loads(os.environ["DEMO_CARE"]))
    set_rules_of_care()
    subscribe(people)
    hold_something_back(people)
    demo_money_out.set_up(people)
    freeze()
    demo_claims.set_up(people)


if __name__ == "__main__":
    main()
