"""Why a reward is what it is: in words and in numbers, by the rules that booked it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.html import format_html

from offers.rules.reward import is_plain_share, reward_for
from offers.rules.terms import Conditions, Terms, TermsKind
from offers.rules.words import amount_text
from rewards_site.button.schemas import APP_INSTALL, ButtonStatus
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import ROWS_MAX
from rewards_site.kernel.admin.text import displayable, label, money_text, utc_text
from rewards_site.kernel.currencies import POINTS
from rewards_site.kernel.money import decimal_text
from transactions.effective import deciding
from transactions.go_live import is_before_go_live
from transactions.models import Transaction, TransactionChild
from transactions.releases.policy import policies
from transactions.states import ChildState
from transactions.stored import child_state

_SOURCES = {
    "default share": "the default share (REWARD_DEFAULT_SHARE_BPS)",
    "account: all to the member": "the Button account's share mode: all to the member",
    "account: no reward": "the Button account's share mode: no reward",
    "before go-live: no reward": "bought before go-live, where such orders earn nothing",
}


def percent_text(share_bps: int) -> str:
    """Basis points as a percentage: 5000 is 50%, 225 is 2.25%."""
    whole, rest = divmod(share_bps, 100)
    return f"{whole}.{rest:02d}".rstrip("0") + "%" if rest else f"{whole}%"


def sum_text(
    stored: Mapping[str, Any], *, commission_minor: int, reward_minor: int, currency: str
) -> str:
    """The reward by these terms, as people reckon it: 10.01 USD × 50% = 5.005, rounded down …

    Where more decides than the commission, what the terms are, and what it came to.
    """
    terms = _read(stored)
    if terms is None:
        return ""
    commission = money_text(commission_minor, currency)
    if commission_minor < 0:
        return f"The commission is {commission}: below zero nothing is rewarded."
    if not is_plain_share(terms):
        came_to = money_text(reward_minor, POINTS if terms.is_points else currency)
        return f"{terms_text(terms)}: of {commission}, {came_to}"
    share = terms.share_bps
    reward = reward_for(terms, commission_minor=commission_minor)
    text = f"{commission} × {percent_text(share)}"
    exact = _exact(commission_minor * share, currency)
    if commission_minor * share % 10_000:
        return f"{text} = {exact}, rounded down: {money_text(reward, currency)}"
    return f"{text} = {money_text(reward, currency)}"


def terms_text(terms: Terms) -> str:
    """What they promise, in one line."""
    match terms.kind:
        case TermsKind.SHARE:
            worth = f"{percent_text(terms.share_bps)} of the commission"
        case TermsKind.FIXED:
            worth = f"{amount_text(terms.fixed_minor, terms.currency or '')} per order"
        case TermsKind.POINTS_FIXED:
            worth = f"{terms.points:f} points per order"
        case TermsKind.POINTS_PER_UNIT:
            worth = f"{terms.points:f} points per {terms.currency} of the commission"
    parts = [worth, *_limits(terms, terms)]
    parts += [
        ", ".join(
            [
                f"{percent_text(share.share_bps)} for lines of «{displayable(share.category)}»",
                *_limits(share, terms),
            ]
        )
        for share in terms.category_shares
    ]
    return "; ".join(parts)


def _limits(conditions: Conditions, terms: Terms) -> Iterator[str]:
    currency = conditions.currency or ""
    if conditions.cap_minor is not None:
        most = amount_text(conditions.cap_minor, POINTS if terms.is_points else currency)
        yield f"at most {most}"
    if conditions.minimum_order_minor is not None:
        least = amount_text(conditions.minimum_order_minor, conditions.minimum_currency or currency)
        yield f"from an order of {least} on"
    if conditions.is_promotion:
        yield "a promotion"


def _read(stored: Mapping[str, Any]) -> Terms | None:
    try:
        return Terms.from_json(stored)
    except (KeyError, TypeError, ValueError):
        return None


def _exact(minor_times_bps: int, currency: str) -> str:
    """An amount that was multiplied by basis points, with every digit after the point."""
    whole, rest = divmod(minor_times_bps, 10_000)
    text = decimal_text(whole, currency)
    return f"{text}{'' if '.' in text else '.'}{rest:04d}".rstrip("0")


def story_of(row: Transaction, children: Sequence[TransactionChild]) -> list[tuple[str, Any]]:
    """How the reward comes about now: heading and sentence, in the order it is reckoned.

    `children` are all of the order, or more than fifty of them.
    """
    states = [child_state(child) for child in children]
    lines: list[tuple[str, Any]] = []
    if 0 < len(states) <= ROWS_MAX:
        lines.append(("Which tx id decides", _why_decides(states)))
        lines.append(("Commission", _commission(row, deciding(states))))
    lines += [("Click", text) for text in _click(row)]
    lines.append(("Terms", _terms(row)))
    lines.append(("Reward", _reward(row)))
    lines += [("Who has it", text) for text in _whose(row)]
    if settings.GO_LIVE_AT is not None:
        lines.append(("Go-live", _go_live(row)))
    lines += [("Flag", label(displayable(str(flag)), tone="warn")) for flag in row.flags]
    return lines


def _why_decides(states: Sequence[ChildState]) -> str:
    child = deciding(states)
    others = [other for other in states if other is not child]
    name = displayable(child.tx_id)
    if not others:
        return f"{name}: it is the only one of this order."
    validated = [state for state in states if state.status is ButtonStatus.VALIDATED]
    if len(validated) == 1:
        return f"{name}: it is validated, and a validated one decides, whatever else is told."
    among = "the validated ones" if validated else f"{len(states)}"
    pool = validated or list(states)
    runner_up = deciding([state for state in pool if state is not child])
    mine, theirs = child.created_at.replace(microsecond=0), runner_up.created_at
    if mine != theirs.replace(microsecond=0):
        why = f"created {utc_text(mine)}, after {utc_text(theirs)}"
    elif child.modified_at.replace(microsecond=0) != runner_up.modified_at.replace(microsecond=0):
        why = f"created at the same time as another, but modified later ({utc_text(mine)})"
    else:
        why = "as new as another: a live one comes before a declined one, then the greater id"
    return f"{name}: the newest of {among}; {why}. Never a sum."


def _commission(row: Transaction, child: ChildState) -> str:
    if child.status is ButtonStatus.DECLINED:
        told = money_text(child.amount_minor, row.currency)
        return f"{money_text(0, row.currency)}: declined, whatever the amount told ({told})."
    return f"{money_text(row.commission_minor, row.currency)}, {child.status.value}."


def _terms(row: Transaction) -> str:
    terms = _read(row.terms)
    if terms is None:
        return "None are set."
    promised = terms_text(terms)
    source = displayable(_SOURCES.get(terms.source, terms.source))
    if row.click is not None and terms.as_json() == row.click.terms:
        at = utc_text(row.click.clicked_at)
        return f"{promised}, by {source}, as promised at the tap ({at})."
    return f"{promised}, by {source}, as it stood when they were set."


def _click(row: Transaction) -> list[Any]:
    if row.click is None:
        return []
    offer = displayable(row.click.offer_id)
    at = utc_text(row.click.clicked_at)
    return [format_html("{}, on offer {}", link(f"tapped {at}", page_url(row.click)), offer)]


def _reward(row: Transaction) -> str:
    if row.is_test:
        return "None: test money never touches a balance."
    if row.category == APP_INSTALL:
        return "None: the commission of an app install is the publisher's."
    if row.status == ButtonStatus.DECLINED:
        return f"{money_text(0, row.reward_currency)}: the order is declined."
    reckoned = sum_text(
        row.terms,
        commission_minor=row.commission_minor,
        reward_minor=row.reward_minor,
        currency=row.currency,
    )
    return reckoned or money_text(row.reward_minor, row.reward_currency)


def _whose(row: Transaction) -> list[str]:
    is_available = row.status == ButtonStatus.VALIDATED and not row.is_held
    pot = "available" if is_available else "pending"
    texts = []
    if row.member is not None and row.reward_minor:
        texts.append(f"{displayable(str(row.member))}, in the {pot} balance.")
    elif row.reward_minor:
        texts.append(f"Nobody yet: it waits in the unattributed accounts ({pot}).")
    if row.is_held and row.final_at is not None:
        due_at = policies().due_at(row.merchant_id, row.final_at)
        until = "the brand has paid us" if due_at is None else utc_text(due_at)
        texts.append(f"It is final and held back until {until}, by what is set for the brand.")
    lost = sum(row.unrecovered.values())
    if lost:
        texts.append(
            f"{money_text(lost, row.reward_currency)} was spent before the order moved on: those "
            "who had it keep it, at the publisher's loss."
        )
    return texts


def _go_live(row: Transaction) -> str:
    at = utc_text(settings.GO_LIVE_AT)
    if not is_before_go_live(row.purchased_at):
        return f"Bought after it ({at})."
    return f"Bought before it ({at}): nothing about it is announced to the member."
