"""What can be done to a subscription, each by a service, with a reason."""

from __future__ import annotations

from typing import Any

from django.contrib import messages

from rewards_site.kernel.admin.service import Attempt, ConfirmForm, Done, Verb
from rewards_site.kernel.errors import Conflict
from rewards_site.outward import services
from rewards_site.outward.forms import RotateForm, SubscriptionForm
from rewards_site.outward.models import Subscription, SubscriptionStatus

MANAGE = "outward.manage_subscription"
REPLAY = "outward.replay_delivery"
ROTATE = "rotate"


def _change(attempt: Attempt[Subscription]) -> Done:
    changed = services.change_subscription(
        pk=attempt.row.pk,
        name=attempt.answers["name"],
        url=attempt.answers["url"],
        event_types=attempt.answers["event_types"],
        reason=attempt.reason,
    )
    if not changed:
        return Done(message="nothing was changed: it was so already.", level=messages.INFO)
    return Done(message=f"changed: {'; '.join(changed)}.")


def _rotate(attempt: Attempt[Subscription]) -> Done:  # noqa: ARG001  # the shape of a verb
    """Its page does it: the new secret must stand in no message, which are kept."""
    raise Conflict("Rotate the secret from its own page.")


def _pause(attempt: Attempt[Subscription]) -> Done:
    services.pause_subscription(pk=attempt.row.pk, reason=attempt.reason, at=attempt.at)
    return Done(message="paused. Events are numbered and wait.")


def _resume(attempt: Attempt[Subscription]) -> Done:
    services.resume_subscription(pk=attempt.row.pk, reason=attempt.reason, at=attempt.at)
    return Done(message="active. What waits goes out within a minute.")


def _switch_off(attempt: Attempt[Subscription]) -> Done:
    held = services.switch_off_subscription(pk=attempt.row.pk, reason=attempt.reason, at=attempt.at)
    return Done(message=f"switched off; {held} events that waited are held.")


def _test(attempt: Attempt[Subscription]) -> Done:
    delivery = services.send_test_event(pk=attempt.row.pk, at=attempt.at)
    return Done(message=f"test event #{delivery.sequence} goes out within a minute.")


def _replay(attempt: Attempt[Subscription]) -> Done:
    count = services.replay_subscription(pk=attempt.row.pk, reason=attempt.reason, at=attempt.at)
    if not count:
        return Done(message="there was nothing to send again.", level=messages.INFO)
    return Done(message=f"{count} events are due again, with their old numbers.")


def _unless(*statuses: str) -> Any:
    """The objection to what can be done in these states alone."""
    return lambda row: "" if row.status in statuses else f"it is {row.status}"


def _no_replay(row: Subscription) -> str:
    if row.status == SubscriptionStatus.OFF:
        return "it is switched off: resume it first"
    return ""


def _is_off(row: Subscription) -> str:
    is_off = row.status == SubscriptionStatus.OFF and not row.is_off_by_receiver
    return "it is switched off already" if is_off else ""


VERBS: tuple[Verb[Subscription], ...] = (
    Verb(
        name="change",
        label="Change",
        permission=MANAGE,
        what_happens="What waits goes to the new address at once. Another choice of events holds "
        "for those that happen from now on.",
        perform=_change,
        form=SubscriptionForm,
    ),
    Verb(
        name=ROTATE,
        label="Rotate the secret",
        permission=MANAGE,
        what_happens="A new secret is made and shown once. The old one goes on signing beside it "
        "for as long as you say.",
        perform=_rotate,
        form=RotateForm,
    ),
    Verb(
        name="test",
        label="Send a test event",
        permission=MANAGE,
        what_happens="An event of the type test.ping, signed, with the next number, goes out "
        "within a minute.",
        perform=_test,
        form=ConfirmForm,
        objection=_unless(SubscriptionStatus.ACTIVE),
    ),
    Verb(
        name="pause",
        label="Pause",
        permission=MANAGE,
        what_happens="Nothing is sent until it is resumed. Events are numbered and wait.",
        perform=_pause,
        objection=_unless(SubscriptionStatus.ACTIVE),
    ),
    Verb(
        name="resume",
        label="Resume",
        permission=MANAGE,
        what_happens="What waits goes out within a minute, and so does what comes. What was held "
        "while it was off stays so, until you send it again.",
        perform=_resume,
        objection=_unless(SubscriptionStatus.PAUSED, SubscriptionStatus.OFF),
    ),
    Verb(
        name="replay",
        label="Send again what was not delivered",
        permission=REPLAY,
        what_happens="Every event that was given up or held goes out again, with its old number "
        "and its old webhook-id.",
        perform=_replay,
        objection=_no_replay,
    ),
    Verb(
        name="switch_off",
        label="Switch off",
        permission=MANAGE,
        what_happens="Nothing more is sent. What waits, and what happens within 30 days, is held "
        "and can be sent later; after that no more events are kept for it.",
        perform=_switch_off,
        objection=_is_off,
    ),
)
