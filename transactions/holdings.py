"""Pure: what the books should hold for an order, and the postings that are missing.

One rule opens, adjusts, settles, declines and moves an order: book the difference between what the
books hold and what they should. So a repeat moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rewards_site.button.schemas import ButtonStatus
from transactions.ledger.chart import AccountKey, AccountKind
from transactions.ledger.posting import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an order is worth and to whom. Amounts in minor units of `currency`, the commission's,
    but for what members have of it: that is in `claim_currency`.
    """

    currency: str
    reward_currency: str | None = None
    """Where it is not that of the commission: points."""
    status: ButtonStatus = ButtonStatus.DECLINED
    commission_minor: int = 0
    reward_minor: int = 0
    member_id: int | None = None
    merchant_id: str | None = None
    is_test: bool = False
    is_held: bool = False
    """Its final reward is held back: it stands in pending balances."""
    unrecovered: Mapping[int, int] = field(default_factory=dict)
    """Member → what they keep of it, though it was moved on: they had spent it. Our loss."""

    @property
    def claim_currency(self) -> str:
        """Of the reward, and of what is unrecovered of it."""
        return self.reward_currency or self.currency

    @property
    def is_final(self) -> bool:
        """Whether its reward stands in available balances."""
        return self.status is ButtonStatus.VALIDATED and not self.is_test and not self.is_held

    def available_of(self, member_id: int | None) -> int:
        """What of it stands in this member's available balance, in minor units."""
        if member_id is None or not self.is_final:
            return 0
        own = self.reward_minor if member_id == self.member_id else 0
        return own + self.unrecovered.get(member_id, 0)


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
    whose = should.member_id
    had = held.available_of(whose) if held.claim_currency == should.claim_currency else 0
    return max(0, should.available_of(whose) - had)


def is_taken_back(held: Holding, should: Holding) -> bool:
    """Whether a final reward goes from one member to another: from whom it may be spent."""
    return (
        held.is_final
        and should.is_final
        and held.member_id is not None
        and should.member_id is not None
        and held.member_id != should.member_id
    )


def left_behind(held: Holding, should: Holding, *, balance_minor: int) -> dict[int, int]:
    """`unrecovered` after staff gave the order to somebody else.

    `balance_minor` is what the member who had it has available now, of whatever order: no more
    than that is taken back. Who gets it has all of it by that, what they had kept of it included.
    """
    if held.member_id == should.member_id:
        return dict(held.unrecovered)
    left = {key: minor for key, minor in held.unrecovered.items() if key != should.member_id}
    if not is_taken_back(held, should):
        return left
    assert held.member_id is not None
    missing = held.reward_minor - min(held.reward_minor, balance_minor)
    # What they kept of it before they got it back, by a merge, they keep besides.
    kept = left.get(held.member_id, 0) + missing
    return left | ({held.member_id: kept} if kept else {})


def _pots(holding: Holding) -> dict[tuple[AccountKey, AccountKey], int]:
    """(asset, claim on it) → amount: the commission, split into the reward and the margin.

    Points are no part of the commission, all of which is margin then: what they will cost is known
    when they are redeemed (docs/decisions/0077).
    """
    if holding.status is ButtonStatus.DECLINED or holding.is_test:
        return {}
    is_owed = holding.status is ButtonStatus.VALIDATED
    asset, margin = _OWED if is_owed else _REPORTED
    waiting, member = _FINAL if holding.is_final else _PENDING

    claimed = holding.claim_currency
    is_money = claimed == holding.currency

    def house(kind: AccountKind, currency: str = holding.currency) -> AccountKey:
        return AccountKey(kind, currency, merchant_id=holding.merchant_id)

    if holding.member_id is None:
        reward = house(waiting, claimed)
    else:
        reward = AccountKey(member, claimed, member_id=holding.member_id)
    of_us = house(asset), house(margin)
    source = of_us[0] if is_money else house(AccountKind.POINTS_ISSUED, claimed)
    pots = {(source, reward): holding.reward_minor}
    pots[of_us] = holding.commission_minor - (holding.reward_minor if is_money else 0)
    for member_id, minor in holding.unrecovered.items() if holding.is_final else ():
        kept = AccountKey(member, claimed, member_id=member_id)
        pots[source, kept] = pots.get((source, kept), 0) + minor
        if is_money:
            pots[of_us] -= minor
    return pots


_REPORTED = (AccountKind.COMMISSION_PENDING, AccountKind.MARGIN_PENDING)
_OWED = (AccountKind.COMMISSION_RECEIVABLE, AccountKind.MARGIN_EARNED)
_PENDING = (AccountKind.UNATTRIBUTED_PENDING, AccountKind.PENDING)
_FINAL = (AccountKind.UNATTRIBUTED_AVAILABLE, AccountKind.AVAILABLE)
