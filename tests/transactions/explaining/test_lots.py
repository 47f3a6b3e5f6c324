"""Lots through bookings, without a database: what goes where, oldest first."""

from __future__ import annotations

import pytest

from tests.factories import NOON
from transactions.explaining.lots import Booking, Lots, Pot, follow
from transactions.ledger.chart import AccountKind, GroupKind

ANN, BOB = 1, 2
PENDING, AVAILABLE = AccountKind.PENDING, AccountKind.AVAILABLE
REDEEMING, PAID = AccountKind.REDEEMING, AccountKind.PAID_OUT


def booking(
    group_id: int, cause: str, kind: GroupKind = GroupKind.TRANSACTION, **changes: int
) -> Booking:
    """`ann_available=-5`: what changes in whose balance."""
    names = {"ann": ANN, "bob": BOB}
    pots: dict[Pot, int] = {}
    for name, change in changes.items():
        who, _, balance = name.partition("_")
        pots[names[who], AccountKind(balance)] = change
    return Booking(group_id=group_id, cause=cause, kind=kind, at=NOON, changes=pots)


def shown(lots: Lots, kind: AccountKind, member: int = ANN) -> list[tuple[str, int]]:
    return [(lot.origin, lot.amount_minor) for lot in lots.of((member, kind))]


EARNED = [
    booking(1, "transaction/1/revision/1", ann_available=100),
    booking(2, "opening/5/line/3", GroupKind.OPENING, ann_available=40),
    booking(3, "transaction/2/revision/1", ann_available=50),
]
ASKED = booking(
    4, "redemption/7/requested", GroupKind.REDEMPTION, ann_available=-120, ann_redeeming=120
)


def test_a_redemption_takes_the_oldest_money() -> None:
    lots = follow([*EARNED, ASKED])

    assert shown(lots, REDEEMING) == [("transaction/1", 100), ("opening/5/line/3", 20)]
    assert shown(lots, AVAILABLE) == [("opening/5/line/3", 20), ("transaction/2", 50)]
    assert {lot.held_by for lot in lots.of((ANN, REDEEMING))} == {"redemption/7"}


def test_a_payout_pays_its_own_redemption_whichever_comes_first() -> None:
    second = booking(
        5, "redemption/8/requested", GroupKind.REDEMPTION, ann_available=-50, ann_redeeming=50
    )
    paid = booking(
        6, "redemption/8/paid", GroupKind.REDEMPTION_PAID, ann_redeeming=-50, ann_paid_out=50
    )

    lots = follow([*EARNED, ASKED, second, paid])

    assert shown(lots, PAID) == [("opening/5/line/3", 20), ("transaction/2", 30)]
    assert shown(lots, REDEEMING) == [("transaction/1", 100), ("opening/5/line/3", 20)]


def test_what_comes_back_is_as_old_as_before() -> None:
    back = booking(
        6, "redemption/7/failed", GroupKind.REDEMPTION_RETURNED, ann_redeeming=-120,
        ann_available=120,
    )  # fmt: skip

    lots = follow([*EARNED, ASKED, back])

    assert shown(lots, AVAILABLE) == [
        ("transaction/1", 100),
        ("opening/5/line/3", 40),
        ("transaction/2", 50),
    ]
    assert {lot.held_by for lot in lots.of((ANN, AVAILABLE))} == {""}


def test_an_order_takes_from_its_own_however_old_others_are() -> None:
    lots = follow(
        [
            booking(1, "transaction/1/revision/1", ann_pending=100),
            booking(2, "transaction/2/revision/1", ann_pending=50),
            booking(3, "transaction/2/revision/2", ann_pending=-20),
            booking(4, "transaction/2/revision/3", ann_pending=-30, ann_available=25),
        ]
    )

    assert shown(lots, PENDING) == [("transaction/1", 100)]
    assert shown(lots, AVAILABLE) == [("transaction/2", 25)]


def test_a_spent_order_that_moves_is_stood_in_for_until_it_comes_back() -> None:
    """100 of the first are paid out; 60 that another brought go in its stead."""
    moved = booking(5, "transaction/1/revision/2", GroupKind.MOVE, ann_available=-60)
    story = [*EARNED, ASKED, moved]

    lots = follow(story)

    assert shown(lots, AVAILABLE) == [("transaction/2", 10)]
    assert lots.gone["transaction/2"].corrected_minor == 40
    assert lots.gone["opening/5/line/3"].corrected_minor == 20
    assert lots.gone["transaction/1"].corrected_minor == -60

    again = booking(6, "transaction/1/revision/3", GroupKind.RETURN, ann_available=60)
    lots = follow([*story, again])

    assert shown(lots, AVAILABLE) == [("opening/5/line/3", 20), ("transaction/2", 50)]
    assert {gone.corrected_minor for gone in lots.gone.values()} == {0}


def test_a_merge_carries_every_balance_as_it_is() -> None:
    bobs = booking(5, "transaction/9/revision/1", bob_available=7)
    merge = booking(
        6, "merge/1/USD", GroupKind.MERGE, ann_available=-70, ann_pending=-5, bob_available=70,
        bob_pending=5,
    )  # fmt: skip
    pending = booking(1, "transaction/3/revision/1", ann_pending=5)
    paid = booking(
        5, "redemption/7/paid", GroupKind.REDEMPTION_PAID, ann_redeeming=-120, ann_paid_out=120
    )

    lots = follow([*EARNED, pending, ASKED, paid, bobs, merge])

    assert shown(lots, PENDING, BOB) == [("transaction/3", 5)]
    assert shown(lots, AVAILABLE, BOB) == [
        ("opening/5/line/3", 20),
        ("transaction/2", 50),
        ("transaction/9", 7),
    ]
    assert shown(lots, AVAILABLE) == []


def test_what_expires_and_what_is_corrected_is_told_apart() -> None:
    given = booking(4, "adjustment/1", GroupKind.ADJUSTMENT, ann_available=10)
    taken = booking(5, "adjustment/2", GroupKind.ADJUSTMENT, ann_available=-30)
    expired = booking(6, "expiry/1", GroupKind.EXPIRY, ann_available=-100)

    lots = follow([*EARNED, given, taken, expired])

    assert lots.gone["transaction/1"].corrected_minor == 30
    assert lots.gone["transaction/1"].expired_minor == 70
    assert lots.gone["opening/5/line/3"].expired_minor == 30
    assert shown(lots, AVAILABLE) == [
        ("opening/5/line/3", 10),
        ("transaction/2", 50),
        ("adjustment/1", 10),
    ]


def test_damaged_books_are_told() -> None:
    too_much = booking(4, "adjustment/2", GroupKind.ADJUSTMENT, ann_available=-191)

    with pytest.raises(ValueError, match="adjustment/2 takes 1 more than there was"):
        follow([*EARNED, too_much])
