"""Pure: an order as it is known, and whether it is play money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from offers.rules.reward import Terms
from rewards_site.button.schemas import ButtonStatus, TransactionObservation
from rewards_site.kernel.currencies import POINTS
from transactions.effective import fact
from transactions.states import ChildState
from transactions.told import Told

TEST_TOKEN_PREFIX = "fakesrctok-"  # noqa: S105  # sheet, 6.1: Button's fake attribution token
TEST_MERCHANT_ID = "org-228b55a5707de5c8"
"""Button's own sandbox merchant (sheet, 6.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """An order as it is known. Amounts in minor units of `currency`, the reward in those of
    `reward_currency`; None where not known.
    """

    currency: str
    category: str
    is_test: bool
    children: Mapping[str, ChildState] = field(default_factory=dict)
    terms: Terms | None = None
    customer_id: str | None = None
    """Of the member it is credited to: named by Button, or by staff."""
    merchant_id: str | None = None
    click_id: int | None = None
    """Primary key of the click of that member, at that merchant, which the order names."""
    flags: tuple[str, ...] = ()
    status: ButtonStatus = ButtonStatus.PENDING
    commission_minor: int = 0
    reward_minor: int = 0
    purchased_at: datetime | None = None
    is_held: bool = False
    """Whether its final reward is held back, in the pending balance (releases/policy.py)."""
    unrecovered: Mapping[int, int] = field(default_factory=dict)
    """Member (primary key) → what they keep of it, though it was moved on (holdings.py)."""

    @property
    def reward_currency(self) -> str:
        """That of the commission, or points by the terms; `unrecovered` is in it, too."""
        is_points = self.terms is not None and self.terms.is_points
        return POINTS if is_points else self.currency


def reward_change(before: OrderState, after: OrderState) -> int:
    """The reward after less the reward before, in minor units of the one after; what was promised
    in another currency before is no part of it.
    """
    is_same = before.reward_currency == after.reward_currency
    return after.reward_minor - (before.reward_minor if is_same else 0)


def is_test_money(told: Told) -> bool:
    """Whether it is Button's play money: it is kept, marked, and never touches a balance."""
    return told.is_test or says_test(told.observation)


def says_test(observation: TransactionObservation) -> bool:
    """Whether the words themselves are of test money, whoever signed them."""
    has_test_token = (observation.btn_ref or "").startswith(TEST_TOKEN_PREFIX)
    return has_test_token or observation.merchant_id == TEST_MERCHANT_ID


def is_test_by_its_words(order: OrderState) -> bool:
    """Whether what was told of the order so far says that it is test money."""
    children = order.children.values()
    has_test_token = str(fact(children, "btn_ref") or "").startswith(TEST_TOKEN_PREFIX)
    return has_test_token or fact(children, "merchant_id") == TEST_MERCHANT_ID
