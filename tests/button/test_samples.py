"""Every example that Button ever printed, and the deliveries that were recorded, read."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rewards_site.button.reading import Unreadable, read_account, read_transaction
from rewards_site.button.schemas import (
    ButtonAccountRecord,
    ButtonStatus,
    LineItem,
    TransactionObservation,
)
from tests.button.samples import SAMPLES, sample


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_sample_parses(path: Path) -> None:
    assert sample(path) == json.loads(path.read_bytes())


@pytest.mark.parametrize(
    "path",
    [path for path in SAMPLES if "transactions" in path.name],
    ids=lambda path: path.name,
)
def test_every_row_of_the_transactions_samples_reads_without_a_flag(path: Path) -> None:
    rows = sample(path)["objects"]

    observations = [read_transaction(row) for row in rows]

    assert [observation.tx_id for observation in observations] == ["tx-XXX"] * len(rows)
    assert all(observation.flags == () for observation in observations)


def test_the_current_sample_of_the_transactions_api() -> None:
    [row] = sample("openapi/transactions-by-account-200.json")["objects"]

    at = datetime(2024, 11, 18, 19, 49, 17, tzinfo=UTC)
    assert read_transaction(row) == TransactionObservation(
        tx_id="tx-XXX",
        status=ButtonStatus.PENDING,
        category="new-user-order",
        account_id="acc-XXX",
        amount_minor=600,
        currency="USD",
        created_at=at,
        modified_at=at,
        button_order_id="btnorder-XXX",
        publisher_customer_id="1111-3333-4444-999999999999",
        pub_ref="Publisher Reference String",
        btn_ref="srctok-XXX",
        merchant_id="org-XXX",
        merchant_name="Brand Company Name",
        order_total_minor=6000,
        order_currency="USD",
        lines=(
            LineItem(
                identifier="sku-1234",
                description="T-shirts",
                category="Clothes",
                quantity=3,
                amount_minor=2000,
                total_minor=6000,
                commission_minor=600,
            ),
        ),
        attribution_at=at,
        country="US",
        channel="app",
    )


def test_an_install_has_no_order() -> None:
    install = read_transaction(
        sample("docs/transactions-guide-2019-order-and-install.json")["objects"][1]
    )

    assert (install.category, install.status) == ("app-install", ButtonStatus.VALIDATED)
    assert (install.button_order_id, install.order_total_minor, install.lines) == (None, None, None)
    assert install.validated_at == datetime(2019, 1, 2, 19, 49, 17, tzinfo=UTC)


def test_the_webhook_shape_of_2018_names_the_purchase_otherwise() -> None:
    told = read_transaction(
        sample("third-party/webhook-tx-pending-2018-production-shape.json")["data"]
    )

    assert told.purchased_at == datetime(2018, 12, 19, 2, 17, 14, tzinfo=UTC)
    assert told.event_at == datetime(2018, 12, 19, 21, 1, 25, tzinfo=UTC)
    assert told.modified_at == datetime(2018, 12, 19, 21, 1, 31, 325_000, tzinfo=UTC)
    assert (told.publisher_customer_id, told.pub_ref) == ("100001", None)
    assert told.flags == ()


def test_a_zero_order_whose_line_has_no_total() -> None:
    told = read_transaction(
        sample("third-party/webhook-tx-pending-2018-zero-amount-production-shape.json")["data"]
    )

    assert (told.amount_minor, told.order_total_minor) == (0, 0)
    assert told.lines is not None
    assert [line.total_minor for line in told.lines] == [0]
    assert told.flags == ()


def test_the_docs_shape_of_2017_has_categories_in_an_array() -> None:
    told = read_transaction(sample("third-party/webhook-tx-validated-2017-docs-shape.json")["data"])

    assert told.lines is not None
    assert [line.category for line in told.lines] == ["Clothes"]
    assert (told.status, told.amount_minor) == (ButtonStatus.VALIDATED, 1000)
    assert told.order_reference == "abcdef-123456"
    assert told.validated_at == datetime(2017, 1, 6, 19, 2, 9, tzinfo=UTC)


def test_the_semantics_page_misspells_the_commission() -> None:
    data: dict[str, Any] = sample("docs/webhook-semantics-zero-line-item.json")["data"]
    whole = data | {
        "category": "new-user-order",
        "account_id": "acc-1",
        "modified_date": "2026-11-20T10:04:02Z",
        "currency": "USD",
    }

    told = read_transaction(whole)

    assert told.lines is not None
    assert [line.commission_minor for line in told.lines] == [200, 0]
    assert [line.total_minor for line in told.lines] == [2000, 0]
    assert told.flags == ()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("docs/webhook-body-skeleton.json", "`id` is missing"),
        ("docs/webhook-order-checkout-instant-rewards.json", "`id` is missing"),
        ("docs/webhook-semantics-zero-line-item.json", "`category` is missing"),
        ("third-party/webhook-without-data-invalid.json", "`data` is missing"),
    ],
)
def test_samples_without_a_whole_transaction_say_what_is_missing(name: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_transaction(sample(name).get("data"))

    assert str(refusal.value) == sentence


def test_the_accounts_sample() -> None:
    [row] = sample("openapi/accounts-200.json")["objects"]

    assert read_account(row) == ButtonAccountRecord(
        account_id="acc-xxx", name="Button Account", currency="USD", organization="org-xxx"
    )
