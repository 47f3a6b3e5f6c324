"""Pure: what the books should hold for an order, and the postings that are missing.

One rule opens, adjusts, settles, declines and moves an order: book the difference between what the
books hold and what they should. So a repeat moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from rewards_site.button.schemas import ButtonStatus
from transactions.ledger.chart import AccountKey, AccountKind
from transactions.ledger.posting import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an order is worth and to whom. Amounts in minor units of `currency`."""

    currency: str
    status: ButtonStatus = ButtonStatus.DECLINED
    commission_minor: int = 0
    reward_minor: int = 0
    member_id: int | None = None
    merchant_id: str | None = None
    is_test: bool = False


def difference(held: Holding, should: Holding) -> tuple[Posting, ...]:
    """The postings that turn what is held into what should be held; empty when it is the same."""
    before, after = _pots(held), _pots(should)
    changes = {pot: after.get(pot, 0) - before.get(pot, 0) for pot in before | after}
    return tuple(
        Posting(debit=asset, credit=claim, amount_minor=amount)
        if amount > 0
        else Posting(debit=claim, credit=asset, amount_minor=-amount)
        for (asset, claim), amount in changes.items()
        if amount
    )


def newly_earned(held: Holding, should: Holding) -> int:
    """What of the difference is a final reward credited to its member, in minor units."""
    return max(0, _available(should) - (_available(held) if _same_member(held, should) else 0))


def _available(holding: Holding) -> int:
    is_final = holding.status is ButtonStatus.VALIDATED and holding.member_id is not None
    return holding.reward_minor if is_final and not holding.is_test else 0


def _same_member(one: Holding, other: Holding) -> bool:
    return one.member_id == other.member_id


def _pots(holding: Holding) -> dict[tuple[AccountKey, AccountKey], int]:
    """(asset, claim on it) → amount: the commission, split into the reward and the margin."""
    if holding.status is ButtonStatus.DECLINED or holding.is_test:
        return {}
    is_final = holding.status is ButtonStatus.VALIDATED
    asset, margin, waiting, member = _FINAL if is_final else _PENDING

    def house(kind: AccountKind) -> AccountKey:
        return AccountKey(kind, holding.currency, merchant_id=holding.merchant_id)

    if holding.member_id is None:
        reward = house(waiting)
    else:
        reward = AccountKey(member, holding.currency, member_id=holding.member_id)
    return {
        (house(asset), reward): holding.reward_minor,
        (house(asset), house(margin)): holding.commission_minor - holding.reward_minor,
    }


_PENDING = (
    AccountKind.COMMISSION_PENDING,
    AccountKind.MARGIN_PENDING,
    AccountKind.UNATTRIBUTED_PENDING,
    AccountKind.PENDING,
)
_FINAL = (
    AccountKind.COMMISSION_RECEIVABLE,
    AccountKind.MARGIN_EARNED,
    AccountKind.UNATTRIBUTED_AVAILABLE,
    AccountKind.AVAILABLE,
)
