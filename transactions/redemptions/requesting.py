"""request_redemption(): a member asks for money. It is held for them from then on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from rewards_site.kernel import rows
from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.currencies import UnknownCurrency, exponent_of
from rewards_site.kernel.db import in_transaction, is_postgres
from rewards_site.kernel.errors import InvalidInput, Refused
from rewards_site.kernel.ids import time_ordered_id
from rewards_site.kernel.money import BIGINT_MAX, decimal_text
from rewards_site.members.queries import rows_of
from transactions.ledger.chart import AccountKey, AccountKind
from transactions.ledger.posting import lock_balances
from transactions.redemptions import destinations
from transactions.redemptions.brakes import frozen_reasons, spendable_minor
from transactions.redemptions.limits import Limits, TooFast, held_until, too_fast
from transactions.redemptions.methods import BadDestination, Method, offered_method, offered_names
from transactions.redemptions.models import Redemption, Via
from transactions.redemptions.queries import (
    first_uses,
    limits_in_force,
    past_of_destination,
    past_of_member,
    window,
)
from transactions.redemptions.recording import Step, record
from transactions.redemptions.states import Status

log = logging.getLogger(__name__)


class TooSoon(Refused):
    """A limit that finance set says no, for now."""

    code = "too_soon"


class Paused(Refused):
    """The member is frozen, or an order whose money it would take."""

    code = "redemptions_paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a member asks for, as it was sent: types are right, contents are not checked yet."""

    currency: str
    amount_minor: int
    method: str
    destination: str


def request_redemption(
    *, member_id: int, wanted: Wanted, via: Via, reference: str = "", at: datetime
) -> Redemption:
    """Hold the money and record the request, in the caller's transaction.

    `member_id` is held by the caller, and stands for nobody else. Locks: the destination, where a
    limit goes by it; then the member's ledger accounts. Raises: InvalidInput (with the field),
    TooSoon, Paused; then nothing was written that the caller may not undo.
    """
    assert in_transaction()
    method, destination = _checked(wanted)
    if frozen_reasons([member_id], at=at):
        raise Paused(_("Redemptions are paused for you. Please ask our support."))
    limits = limits_in_force({wanted.currency})[wanted.currency]
    digests = destinations.digests_of(destination)
    if limits.destination is not None:
        _lock_destination(digests[0])
    _must_be_there(member_id, wanted, at=at)
    member_rows = rows_of(member_id)
    _must_not_be_too_fast(limits, member_rows, digests, wanted, at=at)
    public_id = time_ordered_id()
    row = Redemption(
        pk=rows.ask(rows.next_ids(Redemption, 1))[0][0],
        public_id=public_id,
        member_id=member_id,
        currency=wanted.currency,
        amount_minor=wanted.amount_minor,
        method=method.name,
        destination_sealed=destinations.sealed(destination, public_id=public_id),
        destination_masked=method.mask(destination),
        destination_digest=digests[0],
        requested_at=at,
        held_until=held_until(
            first_uses(member_rows), digests, hours=limits.cooling_off_hours, at=at
        ),
        via=via,
    )
    step = Step(row=row, before=None, to=Status.REQUESTED, holder_id=member_id, reference=reference)
    refused = record([step]).refused
    if refused:
        raise Refused(refused[row.pk])
    return row


def _checked(wanted: Wanted) -> tuple[Method, str]:
    """Raises: InvalidInput, which names every field that is wrong."""
    wrong: dict[str, str] = {}
    amount = _amount_objection(wanted)
    try:
        exponent_of(wanted.currency)
    except UnknownCurrency:
        wrong["currency"] = _("This is not a currency we know: ISO 4217, upper case, or PTS.")
    else:
        if amount:
            wrong["amount"] = amount
    method = offered_method(wanted.method)
    destination = ""
    if method is None:
        known = ", ".join(offered_names())
        wrong["method"] = _("This is no method we pay by: %(known)s.") % {"known": known}
    else:
        try:
            destination = method.check_destination(wanted.destination)
        except BadDestination as error:
            wrong["destination"] = str(error)
    if wrong or method is None:
        raise InvalidInput(" ".join(wrong.values()), fields=wrong)
    return method, destination


def _amount_objection(wanted: Wanted) -> str:
    minimum = int(settings.REDEMPTION_MINIMUMS.get(wanted.currency, 1))
    if wanted.amount_minor < max(1, minimum):
        return _("The least that can be redeemed is %(least)d minor units of %(currency)s.") % {
            "least": max(1, minimum),
            "currency": wanted.currency,
        }
    if wanted.amount_minor > BIGINT_MAX:
        return _("This is more than can be redeemed at all.")
    return ""


def _must_be_there(member_id: int, wanted: Wanted, *, at: datetime) -> None:
    """Raises: InvalidInput; Paused, where it is there and on hold.

    Both accounts are locked from here on: nobody spends it meanwhile.
    """
    keys = [
        AccountKey(kind, wanted.currency, member_id=member_id)
        for kind in (AccountKind.AVAILABLE, AccountKind.REDEEMING)
    ]
    available = lock_balances(keys)[keys[0]]
    if wanted.amount_minor > available:
        message = _("No more than %(amount)s %(currency)s is available.") % {
            "amount": decimal_text(available, wanted.currency),
            "currency": wanted.currency,
        }
        raise InvalidInput(message, fields={"amount": message})
    if wanted.amount_minor > spendable_minor(member_id, wanted.currency, available, at=at):
        raise Paused(_("Some of your balance is on hold. Please ask our support."))


def _must_not_be_too_fast(
    limits: Limits, member_rows: list[int], digests: list[str], wanted: Wanted, *, at: datetime
) -> None:
    """Raises: TooSoon, which says when it may go and nothing of what is limited."""
    found: list[TooFast | None] = []
    told: dict[str, Any] = {"amount_minor": wanted.amount_minor, "at": at}
    if limits.member is not None:
        past = past_of_member(member_rows, wanted.currency, since=window(limits.member, at))
        found.append(too_fast(limits.member, past, **told))
    if limits.destination is not None:
        since = window(limits.destination, at)
        past = past_of_destination(digests, wanted.currency, since=since)
        found.append(too_fast(limits.destination, past, **told))
    objections = [one for one in found if one is not None]
    if not objections:
        return
    times = [one.until for one in objections if one.until is not None]
    if len(times) < len(objections):
        raise TooSoon(_("This is more than can be redeemed at once. Ask for less."))
    raise TooSoon(
        _("Too much was redeemed in a short time. This can be asked for again from %(time)s on.")
        % {"time": wire_text(max(times))}
    )


def _lock_destination(digest: str) -> None:
    """Requests for one destination, whoever makes them, one after another: they are counted."""
    if is_postgres():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s)",
                [int.from_bytes(bytes.fromhex(digest[:16]), signed=True)],
            )
