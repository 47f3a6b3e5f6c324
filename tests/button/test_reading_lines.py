from decimal import Decimal
from typing import Any

import pytest

from rewards_site.button.reading import read_transaction
from rewards_site.button.schemas import LineItem
from tests.button.rows import NEEDED


def lines_of(*lines: object, **more: Any) -> tuple[tuple[LineItem, ...] | None, tuple[str, ...]]:
    told = read_transaction(NEEDED | {"order_line_items": list(lines)} | more)
    return told.lines, told.flags


@pytest.mark.parametrize(
    ("line", "total"),
    [
        ({"amount": 3000, "quantity": 2, "total": 6000}, 6000),
        ({"amount": 3000, "quantity": 2, "total": 5999}, 5999),
        ({"amount": 3000, "quantity": 2}, 6000),
        ({"amount": 3000, "quantity": 2, "total": None}, 6000),
        ({"amount": -500, "quantity": None}, -500),
        ({"amount": 3000}, 3000),
        ({"amount": 3000, "quantity": 0}, 0),
        ({"quantity": 2}, None),
    ],
)
def test_a_missing_line_total_is_computed(line: dict[str, Any], total: int | None) -> None:
    lines, flags = lines_of(line)

    assert lines is not None
    assert (lines[0].total_minor, flags) == (total, ())


def test_line_totals_that_nobody_can_compute() -> None:
    lines, flags = lines_of(
        {"amount": 2**62, "quantity": 4}, {"amount": 100, "quantity": Decimal("1.5")}
    )

    assert lines is not None
    assert [line.total_minor for line in lines] == [None, None]
    assert flags == (
        "line 1: `amount` times `quantity` dropped: a number past 64 bits",
        "line 2: `quantity` dropped: not an integer",
    )


@pytest.mark.parametrize(
    ("line", "commission"),
    [
        ({"publisher_commission": 480}, 480),
        ({"publisher_commission": 480, "publisher_comission": 1}, 480),
        ({"publisher_comission": 480}, 480),
        ({"publisher_commission": None, "publisher_comission": 480}, 480),
        ({"publisher_commission": -40}, -40),
        ({"publisher_commission": 0, "publisher_comission": 9}, 0),
    ],
)
def test_line_commission(line: dict[str, Any], commission: int) -> None:
    lines, flags = lines_of(line, amount=commission)

    assert lines == (LineItem(commission_minor=commission),)
    assert flags == ()


@pytest.mark.parametrize(
    ("told", "category"),
    [
        ("Clothes", "Clothes"),
        (["Clothes"], "Clothes"),
        (["Clothes", "Kids"], "Clothes, Kids"),
        ([], None),
        ([""], None),
        (None, None),
    ],
)
def test_a_line_category_is_text_or_an_array(told: object, category: str | None) -> None:
    assert lines_of({"category": told}) == ((LineItem(category=category),), ())


def test_a_line_drops_what_is_wrong_in_it_and_nothing_else() -> None:
    lines, flags = lines_of(
        {"identifier": 7, "description": "T\x00", "category": [1], "amount": "1", "total": 5},
        {"identifier": "good", "total": 6},
    )

    assert lines == (
        LineItem(description="T\ufffd", total_minor=5),
        LineItem(identifier="good", total_minor=6),
    )
    assert flags == (
        "line 1: `amount` dropped: not an integer",
        "line 1: `identifier` dropped: not text",
        "line 1: `description` held characters that cannot be stored; they were replaced",
        "line 1: `category` dropped: neither text nor an array of text",
    )


def test_lines_that_are_no_objects_are_counted() -> None:
    lines, flags = lines_of("x", {"identifier": "good"}, None, 3, amount=5, order_total=5)

    assert lines == (LineItem(identifier="good"),)
    assert flags == ("`order_line_items`: 3 dropped: not an object",)


def test_the_flags_of_a_hostile_row_come_to_an_end() -> None:
    _, flags = lines_of(*[{"amount": "x"}] * 5000)

    assert len(flags) == 21
    assert flags[-1] == "4980 more of this kind"


@pytest.mark.parametrize(
    ("amount", "order_total", "flags"),
    [
        (587, 8450, ()),
        (587, None, ()),
        (588, 8450, ("the lines' commissions add up to 587, `amount` is 588",)),
        (587, 8451, ("the lines' totals add up to 8450, `order_total` is 8451",)),
    ],
)
def test_the_top_level_is_trusted_where_the_sums_differ(
    amount: int, order_total: int | None, flags: tuple[str, ...]
) -> None:
    told = read_transaction(
        NEEDED
        | {
            "amount": amount,
            "order_total": order_total,
            "order_line_items": [
                {"amount": 3000, "quantity": 2, "total": 6000, "publisher_commission": 480},
                {"amount": 2950, "quantity": 1, "publisher_commission": 147},
                {"amount": -500, "quantity": 1, "publisher_commission": -40},
            ],
        }
    )

    assert (told.amount_minor, told.order_total_minor) == (amount, order_total)
    assert told.flags == flags
