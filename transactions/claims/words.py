"""What a member is told of a claim, in plain words; made when it is read, so that it translates."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from rewards_site.button.schemas import ButtonStatus
from transactions.claims.choices import Answer


def answer_text(
    answer: str, *, store: str, order_status: str = "", ask_again_at: datetime | None = None
) -> str:
    """One or two sentences for `answer`; "" is a claim that is open."""
    values = {"store": store or _("the store")}
    match answer:
        case "":
            text = _(
                "We look into it and ask %(store)s where needed. You need not do anything: if the "
                "purchase shows up meanwhile, this is answered by itself."
            )
        case Answer.NO_SUCH_CLICK:
            text = _(
                "We know no visit to a store of yours by this id. Start from the list of your "
                "visits and report the one you bought by."
            )
        case Answer.TOO_EARLY:
            text = _(
                "It is too early: purchases at %(store)s usually show up by %(day)s. If yours has "
                "not shown up by then, please ask again."
            )
            values["day"] = day_text(ask_again_at)
        case Answer.ALREADY_TRACKED | Answer.TRACKED | Answer.TRACKED_DECLINED:
            text = _tracked_text(answer, order_status)
        case _:
            text = _REASONS[Answer(answer)]
            text = _(text)
    return text % values


def repeated_text(text: str) -> str:
    """In front of the answer to a claim that was filed before."""
    return _("You have reported this already. %(answer)s") % {"answer": text}


def day_text(at: datetime | None) -> str:
    """By the business's clock, which it names: ISO 8601 reads the same in every language."""
    if at is None:
        return ""
    return f"{at.astimezone(settings.BUSINESS_TIME_ZONE):%Y-%m-%d %H:%M %Z}"


def _tracked_text(answer: str, order_status: str) -> str:
    known = answer == Answer.ALREADY_TRACKED
    match order_status:
        case ButtonStatus.VALIDATED:
            state = _("It is confirmed, and its reward is yours.")
        case ButtonStatus.DECLINED:
            state = _("%(store)s cancelled it or took it back, so it earns no reward.")
        case _:
            state = _("It is pending until %(store)s confirms it.")
    first = (
        _("This purchase at %(store)s is among your purchases already.")
        if known
        else _("Your purchase at %(store)s has shown up.")
    )
    return f"{first} {state}"


_REASONS = {
    Answer.BOUGHT_BEFORE_TAP: gettext_noop(
        "This was bought before you went to %(store)s from here, so it cannot earn a reward."
    ),
    Answer.NO_LINK: gettext_noop(
        "When you went to %(store)s it could not be reached from here with a reward, as the app "
        "said, so the purchase cannot earn one."
    ),
    Answer.GOODWILL: gettext_noop(
        "The purchase could not be confirmed, and we have given you a goodwill credit for it."
    ),
    Answer.EXCLUDED_ITEMS: gettext_noop(
        "%(store)s gives no reward for what was bought, as stands beside its offer."
    ),
    Answer.OTHER_SITE: gettext_noop(
        "The purchase came to %(store)s by another site, app or voucher, so it earns no reward "
        "here."
    ),
    Answer.RETURNED: gettext_noop("The purchase was cancelled or returned, so it earns no reward."),
    Answer.NOT_FOUND: gettext_noop("We found no such purchase at %(store)s."),
    Answer.BRAND_DENIED: gettext_noop(
        "%(store)s has looked into it and does not confirm the purchase."
    ),
}
