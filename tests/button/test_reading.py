from decimal import Decimal
from typing import Any

import pytest

from rewards_site.button.reading import Unreadable, read_account, read_transaction
from rewards_site.button.schemas import ButtonAccountRecord
from rewards_site.button.wirejson import parse
from tests.button.rows import AT, NEEDED


def refused(row: object) -> str:
    with pytest.raises(Unreadable) as refusal:
        read_transaction(row)
    assert str(refusal.value) == f"`{refusal.value.field}` {refusal.value.reason}"
    return str(refusal.value)


def test_the_needed_fields_suffice() -> None:
    told = read_transaction(NEEDED)

    assert (told.tx_id, told.amount_minor, told.created_at) == ("tx-1", 0, AT)
    assert told.flags == ()


@pytest.mark.parametrize("name", sorted(NEEDED))
@pytest.mark.parametrize("empty", [None, "", "absent"])
def test_a_needed_field_that_is_missing(name: str, empty: str | None) -> None:
    row = {key: value for key, value in NEEDED.items() if key != name}
    if empty != "absent":
        row[name] = empty

    assert refused(row) == f"`{name}` is missing"


@pytest.mark.parametrize("name", sorted(NEEDED))
@pytest.mark.parametrize("wrong", [0, 1, True, False, Decimal("1.5"), [], {}, ["tx-1"]])
def test_a_needed_field_of_the_wrong_type(name: str, wrong: object) -> None:
    assert refused(NEEDED | {name: wrong}) == f"`{name}` is not text"


@pytest.mark.parametrize("row", [[], "tx-1", 7, Decimal(1), True])
def test_a_row_that_is_no_object(row: object) -> None:
    assert refused(row) == "`data` is not an object"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"status": "Pending"}, "`status` is not pending, validated or declined"),
        ({"status": "paid"}, "`status` is not pending, validated or declined"),
        ({"currency": "US"}, "`currency` is not a currency code of three letters"),
        ({"currency": "U$D"}, "`currency` is not a currency code of three letters"),
        ({"currency": "ÄÖÜ"}, "`currency` is not a currency code of three letters"),
        ({"modified_date": "2026-11-20"}, "`modified_date` is not an RFC 3339 time"),
        ({"modified_date": "2026-11-20T10:04:02"}, "`modified_date` is not an RFC 3339 time"),
        ({"modified_date": "1969-12-31T23:59:59Z"}, "`modified_date` is a time before 1970"),
        ({"id": "x" * 256}, "`id` is text of more than 255 characters"),
        ({"id": "tx\x00"}, "`id` is text that cannot be stored"),
        ({"account_id": "acc-\ud800"}, "`account_id` is text that cannot be stored"),
        ({"account_id": "acc-1\n"}, "`account_id` is text with control characters"),
        ({"category": "x" * 256}, "`category` is text of more than 255 characters"),
        ({"button_order_id": 1994}, "`button_order_id` is not text"),
        ({"button_order_id": ["b"]}, "`button_order_id` is not text"),
        ({"button_order_id": "b" * 256}, "`button_order_id` is text of more than 255 characters"),
        ({"button_order_id": "b\x7f"}, "`button_order_id` is text with control characters"),
        ({"amount": "587"}, "`amount` is not an integer"),
        ({"amount": True}, "`amount` is not an integer"),
        ({"amount": Decimal("587.0")}, "`amount` is not an integer"),
        ({"amount": Decimal("Infinity")}, "`amount` is not an integer"),
        ({"amount": {}}, "`amount` is not an integer"),
        ({"amount": 2**63}, "`amount` is an amount the books refuse: past 64 bits"),
        ({"amount": -(2**63)}, "`amount` is an amount the books refuse: past 64 bits"),
        ({"amount": Decimal("9" * 50)}, "`amount` is an amount the books refuse: past 64 bits"),
    ],
)
def test_what_decides_about_money_is_never_guessed(change: dict[str, Any], sentence: str) -> None:
    assert refused(NEEDED | change) == sentence


@pytest.mark.parametrize("name", [*sorted(NEEDED), "amount", "button_order_id"])
def test_a_deciding_field_told_twice(name: str) -> None:
    rest = ", ".join(f'"{key}": "{value}"' for key, value in NEEDED.items() if key != name)

    assert (
        refused(parse(f'{{{rest}, "{name}": "a", "{name}": "b"}}'.encode()))
        == f"`{name}` is told twice with different values"
    )


def test_an_optional_field_told_twice_is_dropped() -> None:
    rest = ", ".join(f'"{key}": "{value}"' for key, value in NEEDED.items())

    told = read_transaction(
        parse(f'{{{rest}, "publisher_customer_id": "a", "publisher_customer_id": "b"}}'.encode())
    )

    assert told.publisher_customer_id is None
    assert told.flags == ("`publisher_customer_id` dropped: told twice with different values",)


@pytest.mark.parametrize("amount", [0, 587, -40, 2**63 - 1, -(2**63) + 1])
def test_commission_keeps_its_sign(amount: int) -> None:
    assert read_transaction(NEEDED | {"amount": amount}).amount_minor == amount


@pytest.mark.parametrize("amount", [None, ""])
def test_a_missing_amount_is_zero(amount: object) -> None:
    assert read_transaction(NEEDED | {"amount": amount}).amount_minor == 0


@pytest.mark.parametrize("currency", ["usd", "Usd", "USD"])
def test_a_currency_is_upper_cased(currency: str) -> None:
    assert read_transaction(NEEDED | {"currency": currency}).currency == "USD"


def test_which_categories_and_currencies_there_are_is_decided_elsewhere() -> None:
    told = read_transaction(NEEDED | {"category": "gift", "currency": "pts"})

    assert (told.category, told.currency) == ("gift", "PTS")


@pytest.mark.parametrize(
    ("row", "record"),
    [
        (
            {"id": "acc-1", "currency": "gbp", "name": "A\x00", "organization": "org-1"},
            ButtonAccountRecord(
                account_id="acc-1", currency="GBP", name="A\ufffd", organization="org-1"
            ),
        ),
        (
            {"id": "acc-1", "currency": "GBP", "name": 7, "organization": None, "new": []},
            ButtonAccountRecord(account_id="acc-1", currency="GBP", name="", organization=""),
        ),
    ],
)
def test_an_account(row: object, record: ButtonAccountRecord) -> None:
    assert read_account(row) == record


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (None, "`account` is not an object"),
        ({"currency": "USD"}, "`id` is missing"),
        ({"id": 5, "currency": "USD"}, "`id` is not text"),
        ({"id": "acc-1"}, "`currency` is missing"),
        ({"id": "acc-1", "currency": 840}, "`currency` is not text"),
        ({"id": "acc-1", "currency": "US"}, "`currency` is not a currency code of three letters"),
    ],
)
def test_an_account_without_id_or_currency(row: object, sentence: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_account(row)

    assert str(refusal.value) == sentence
