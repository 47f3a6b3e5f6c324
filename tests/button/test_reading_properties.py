"""Whatever is sent: a reading, or one sentence why there is none."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rewards_site.button.reading import Unreadable, read_account, read_transaction
from rewards_site.button.schemas import TransactionObservation
from rewards_site.button.wirejson import NotJson, parse

# Every code point, half surrogates and NUL too.
TEXT = st.text(st.characters(), max_size=12)
TIMES = st.sampled_from(
    ["2026-11-20T10:04:02Z", "2026-11-20T10:04:02.114+05:30", "2026-11-20", "9999-12-31T23:59:59Z"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.decimals(allow_nan=False)
    | TEXT
    | TIMES
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
LINE_NAMES = [
    *("identifier", "description", "category", "quantity", "amount", "total"),
    *("publisher_commission", "publisher_comission"),
]
LINES = st.lists(
    st.dictionaries(st.sampled_from(LINE_NAMES), SCALARS | st.lists(TEXT, max_size=2)) | JSON,
    max_size=3,
)
NAMES = [
    *("id", "status", "category"),
    *("account_id", "modified_date", "currency"),
    *("amount", "created_date", "button_order_id"),
    *("publisher_customer_id", "pub_ref", "btn_ref"),
    *("commerce_organization", "commerce_organization_name", "order_total"),
    *("order_currency", "order_purchased_date", "order_purchase_date"),
    *("attribution_date", "event_date", "validated_date"),
    *("customer_order_id", "order_id", "country"),
    *("order_click_channel", "name", "organization"),
]
READABLE = {
    "id": "tx-1",
    "status": "validated",
    "category": "new-user-order",
    "account_id": "acc-1",
    "modified_date": "2026-11-20T10:04:02.114Z",
    "currency": "KWD",
}


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    row: dict[str, Any] = dict(READABLE) if draw(st.booleans()) else {}
    row |= draw(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6))
    if draw(st.booleans()):
        row["order_line_items"] = draw(LINES)
    return row


@given(JSON | rows())
def test_reading_raises_nothing_but_unreadable(row: object) -> None:
    for read in (read_transaction, read_account):
        try:
            read(row)
        except Unreadable as refusal:
            assert str(refusal) == f"`{refusal.field}` {refusal.reason}"  # noqa: PT017


@given(rows())
def test_what_was_read_is_storable_and_reads_back_the_same(row: dict[str, Any]) -> None:
    optional = {key: value for key, value in row.items() if key not in {*READABLE, "amount"}}
    optional.pop("button_order_id", None)

    observation = read_transaction(READABLE | optional)

    stored = json.dumps(observation.as_json(), ensure_ascii=False)
    assert TransactionObservation.from_json(json.loads(stored)) == observation
    assert "\\u0000" not in stored
    stored.encode()  # no half surrogates
    numbers = [observation.order_total_minor or 0]
    for line in observation.lines or ():
        numbers += [line.quantity or 0, line.amount_minor or 0, line.total_minor or 0]
        numbers.append(line.commission_minor)
    assert all(abs(number) < 2**63 for number in numbers)


@given(st.binary(max_size=60) | TEXT.map(lambda text: text.encode(errors="replace")))
def test_parsing_raises_nothing_but_not_json(body: bytes) -> None:
    try:
        parse(body)
    except NotJson as refusal:
        assert str(refusal).startswith("The body is not ")  # noqa: PT017
