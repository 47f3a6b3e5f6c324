from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from rewards_site.button.reading import read_transaction
from tests.button.rows import AT, NEEDED


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-20T10:04:02Z", AT),
        ("2026-11-20t10:04:02z", AT),
        ("2026-11-20T10:04:02.114Z", AT.replace(microsecond=114_000)),
        ("2026-11-20T10:04:02.1Z", AT.replace(microsecond=100_000)),
        ("2026-11-20T10:04:02.123456789Z", AT.replace(microsecond=123_456)),
        ("2026-11-20T12:04:02+02:00", AT),
        ("2026-11-20T04:34:02-05:30", AT),
        ("2026-11-20T10:04:02-00:00", AT),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_both_time_precisions_and_any_offset(text: str, at: datetime) -> None:
    told = read_transaction(NEEDED | {"modified_date": text}).modified_at

    assert told == at
    assert told.utcoffset() == AT.utcoffset()


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-11-20",
        "2026-11-20T10:04Z",
        "2026-11-20T10:04:02",
        "2026-11-20T10:04:02.Z",
        "2026-13-20T10:04:02Z",
        "2026-02-30T10:04:02Z",
        "2026-11-20T24:04:02Z",
        "2026-11-20T10:04:02+24:00",
        "2026-11-20T10:04:02+0200",
        "2026-11-20T10:04:02Z\n",
        "٢٠٢٦-11-20T10:04:02Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+23:59",
        "1763633042",
    ],
)
def test_what_is_no_time_is_dropped_where_it_is_optional(text: str) -> None:
    told = read_transaction(NEEDED | {"created_date": text, "order_purchased_date": text})

    assert (told.created_at, told.purchased_at) == (AT, None)
    assert told.flags == (
        "`created_date` dropped: not an RFC 3339 time",
        "`order_purchased_date` dropped: not an RFC 3339 time",
    )


@pytest.mark.parametrize("created", [None, ""])
def test_a_missing_creation_is_the_modification(created: str | None) -> None:
    told = read_transaction(NEEDED | {"created_date": created})

    assert (told.created_at, told.flags) == (AT, ())


@pytest.mark.parametrize(
    ("row", "day"),
    [
        ({"order_purchased_date": "2026-11-01T00:00:00Z"}, 1),
        ({"order_purchase_date": "2026-11-02T00:00:00Z"}, 2),
        (
            {
                "order_purchased_date": "2026-11-01T00:00:00Z",
                "order_purchase_date": "2026-11-02T00:00:00Z",
            },
            1,
        ),
        ({"order_purchased_date": None, "order_purchase_date": "2026-11-02T00:00:00Z"}, 2),
        ({"order_purchased_date": "", "order_purchase_date": "2026-11-02T00:00:00Z"}, 2),
    ],
)
def test_the_purchase_has_two_names_on_the_wire(row: dict[str, Any], day: int) -> None:
    assert read_transaction(NEEDED | row).purchased_at == datetime(2026, 11, day, tzinfo=UTC)


OPTIONAL = {
    "publisher_customer_id": "publisher_customer_id",
    "pub_ref": "pub_ref",
    "btn_ref": "btn_ref",
    "commerce_organization": "merchant_id",
    "commerce_organization_name": "merchant_name",
    "order_total": "order_total_minor",
    "order_currency": "order_currency",
    "order_line_items": "lines",
    "order_purchased_date": "purchased_at",
    "attribution_date": "attribution_at",
    "event_date": "event_at",
    "validated_date": "validated_at",
    "customer_order_id": "order_reference",
    "order_id": "order_reference",
    "country": "country",
    "order_click_channel": "channel",
    "button_order_id": "button_order_id",
}


@pytest.mark.parametrize("name", sorted(OPTIONAL))
@pytest.mark.parametrize("missing", [None, ""])
def test_an_empty_optional_field_is_missing_without_a_flag(name: str, missing: object) -> None:
    told = read_transaction(NEEDED | {name: missing})

    assert getattr(told, OPTIONAL[name]) is None
    assert told.flags == ()


@pytest.mark.parametrize("name", sorted(set(OPTIONAL) - {"button_order_id"}))
@pytest.mark.parametrize("wrong", [True, Decimal("1.5"), {"a": 1}])
def test_an_optional_field_of_the_wrong_type_is_dropped_and_flagged(
    name: str, wrong: object
) -> None:
    told = read_transaction(NEEDED | {name: wrong})

    assert getattr(told, OPTIONAL[name]) is None
    [flag] = told.flags
    assert flag.startswith(f"`{name}` dropped: not ")


@pytest.mark.parametrize(
    ("change", "field", "value", "flags"),
    [
        ({"order_total": 2**63}, "order_total_minor", None, ("a number past 64 bits",)),
        ({"order_total": "8450"}, "order_total_minor", None, ("not an integer",)),
        ({"order_currency": "gbp"}, "order_currency", "GBP", ()),
        ({"order_currency": "£"}, "order_currency", None, ("a currency code of three",)),
        ({"country": "us"}, "country", "US", ()),
        ({"country": "USA"}, "country", None, ("not a country code of two letters",)),
        ({"customer_order_id": "A", "order_id": "B"}, "order_reference", "A", ()),
        ({"customer_order_id": None, "order_id": "B"}, "order_reference", "B", ()),
        ({"pub_ref": "p" * 1024}, "pub_ref", "p" * 1024, ()),
        ({"pub_ref": "p" * 1025}, "pub_ref", None, ("more than 1024 characters",)),
        ({"pub_ref": "p\x00"}, "pub_ref", None, ("text that cannot be stored",)),
        ({"publisher_customer_id": "ö y\n"}, "publisher_customer_id", "ö y\n", ()),
        ({"publisher_customer_id": "u" * 255}, "publisher_customer_id", "u" * 255, ()),
        ({"publisher_customer_id": "u" * 256}, "publisher_customer_id", None, ("more than 255",)),
        ({"publisher_customer_id": "u\x00"}, "publisher_customer_id", None, ("cannot be stored",)),
        ({"publisher_customer_id": 10101}, "publisher_customer_id", None, ("not text",)),
        ({"btn_ref": "srctok-\ud800"}, "btn_ref", None, ("cannot be stored",)),
        ({"commerce_organization": "org-\t"}, "merchant_id", None, ("control characters",)),
        ({"commerce_organization_name": "A\x00B"}, "merchant_name", "A\ufffdB", ("replaced",)),
        ({"commerce_organization_name": "A\ud800"}, "merchant_name", "A\ufffd", ("replaced",)),
        ({"commerce_organization_name": "é" * 300}, "merchant_name", "é" * 255, ("cut to 255",)),
        ({"order_click_channel": "kiosk"}, "channel", "kiosk", ()),
    ],
)
def test_optional_fields(
    change: dict[str, Any], field: str, value: object, flags: tuple[str, ...]
) -> None:
    told = read_transaction(NEEDED | change)

    assert getattr(told, field) == value
    assert len(told.flags) == len(flags)
    assert all(part in flag for part, flag in zip(flags, told.flags, strict=True))


def test_unknown_fields_are_let_pass() -> None:
    assert read_transaction(NEEDED | {"posting_rule_id": {"a": [1]}, "new": 1.0}).flags == ()
