"""`journal`: every entry; and as Beancount, which real bean-check accepts."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from beancount import loader
from beancount.core.data import Balance, Open, Transaction
from pytest_django import Settings

from rewards_site.kernel.currencies import exponent_of
from rewards_site.members.models import Member
from tests.factories import MEMBER, MERCHANT, observe, tell
from tests.reports.reading import export, owed, rows
from transactions.ledger.horizon import settle
from transactions.ledger.models import EntryGroup

pytestmark = pytest.mark.django_db


def some_life() -> None:
    """Orders of several members, brands and currencies, in every state, and one without a name."""
    tell(
        observe("tx-1"),
        observe("tx-2", status="validated", amount_minor=333, publisher_customer_id="u-2"),
        observe("tx-3", currency="JPY", account_id="acc-yen", amount_minor=501),
        observe("tx-4", currency="KWD", account_id="acc-kwd", amount_minor=12345),
        observe("tx-5", publisher_customer_id=None, merchant_id="org-other"),
        observe("tx-6", publisher_customer_id=None, status="validated"),
        observe("tx-7", amount_minor=-400),
        observe("tx-8", category="app-install", publisher_customer_id=None),
        observe("tx-9", merchant_id='brand "x": 1\n2'),
        observe("tx-10", is_test=True),
        observe("tx-11", publisher_customer_id=None, merchant_id=None),
    )
    tell(observe("tx-1", minutes=5, amount_minor=600))
    tell(observe("tx-1", minutes=9, amount_minor=600, status="validated"))
    tell(
        observe(
            "tx-4",
            minutes=9,
            amount_minor=12345,
            status="declined",
            currency="KWD",
            account_id="acc-kwd",
        )
    )


def load(text: str) -> tuple[list[Any], dict[tuple[str, str], int]]:
    """The directives, without an error, and what each account holds in minor units."""
    entries, errors, _options = loader.load_string(text)
    assert errors == []
    amounts: dict[tuple[str, str], Decimal] = {}
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            assert posting.units is not None
            assert isinstance(posting.units.number, Decimal)
            key = (posting.account, posting.units.currency)
            amounts[key] = amounts.get(key, Decimal()) + posting.units.number
    minor = {key: amount.scaleb(exponent_of(key[1])) for key, amount in amounts.items()}
    assert all(amount == int(amount) for amount in minor.values())
    return entries, {key: int(amount) for key, amount in minor.items() if amount}


def owed_by(amounts: dict[tuple[str, str], int]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """The liability, from the accounts of a Beancount file."""
    found: Counter[tuple[str, str, str]] = Counter()
    for (account, currency), minor in amounts.items():
        root, *parts = account.split(":")
        if root == "Liabilities":
            whose = "unattributed" if parts[0] == "Unattributed" else parts[2].removeprefix("M-")
            found[whose, currency, parts[1]] -= minor
    kinds = ("Pending", "Available", "Redeeming")
    keys = {(whose, currency) for whose, currency, _ in found}
    liability = {
        key: (found[*key, kinds[0]], found[*key, kinds[1]], found[*key, kinds[2]]) for key in keys
    }
    return {key: amounts for key, amounts in liability.items() if any(amounts)}


def test_entries_with_all_their_columns() -> None:
    tell(observe("tx-1"))

    group = EntryGroup.objects.get()
    same = {
        "group": str(group.pk),
        "posted_at": group.posted_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "kind": "transaction",
        "cause": group.cause,
        "currency": "USD",
    }
    member_id = Member.objects.get().public_id
    assert rows("journal") == [
        same | {"account": account, "debit": debit, "credit": credit}
        for account, debit, credit in (
            (f"Assets:Commission:Pending:B-{MERCHANT}", "1000", "0"),
            (f"Income:Margin:Pending:B-{MERCHANT}", "0", "500"),
            (f"Liabilities:Members:Pending:M-{member_id}", "0", "500"),
        )
    ]


def test_groups_balance_and_come_in_the_order_they_were_posted() -> None:
    some_life()

    found = rows("journal")

    sums: Counter[tuple[str, str]] = Counter()
    for row in found:
        sums[row["group"], row["currency"]] += int(row["debit"]) - int(row["credit"])
    assert set(sums.values()) == {0}
    times = [datetime.fromisoformat(row["posted_at"]) for row in found]
    assert times == sorted(times)
    assert len({row["group"] for row in found}) == EntryGroup.objects.count()


def test_an_instant_stays_as_it_was() -> None:
    some_life()
    settled = settle()
    made = {kind: export("journal", as_of=settled, format=kind) for kind in ("csv", "beancount")}
    tell(observe("tx-1"), observe("tx-20", publisher_customer_id="u-20", merchant_id="org-20"))

    for kind, text in made.items():
        assert export("journal", as_of=settled, format=kind) == text
    assert "org-20" in export("journal", format="beancount")


def test_beancount_holds_what_the_liability_says() -> None:
    some_life()
    settled = settle()
    tell(observe("tx-30", publisher_customer_id="u-30"))

    entries, amounts = load(export("journal", as_of=settled, format="beancount"))

    assert owed_by(amounts) == owed(as_of=settled)
    asserted = {
        (entry.account, entry.amount.currency) for entry in entries if isinstance(entry, Balance)
    }
    members = {key for key in amounts if key[0].startswith("Liabilities:Members:")}
    assert members <= asserted
    assert {("Liabilities:Unattributed:Pending", "USD")} <= asserted
    per_currency: Counter[str] = Counter()
    for (_account, currency), minor in amounts.items():
        per_currency[currency] += minor
    assert set(per_currency.values()) == {0}


def test_real_bean_check_accepts_it_and_notices_a_lost_entry(tmp_path: Path) -> None:
    some_life()
    file = tmp_path / "journal.beancount"
    text = export("journal", format="beancount")
    file.write_text(text)
    bean_check = Path(sys.executable).parent / "bean-check"

    assert subprocess.run([bean_check, file], check=False, timeout=60).returncode == 0

    blocks = text.split("\n\n")
    lost = next(
        n
        for n, block in enumerate(blocks)
        if "Liabilities:Members:Available" in block and " * " in block
    )
    file.write_text("\n\n".join(blocks[:lost] + blocks[lost + 1 :]))
    checked = subprocess.run(
        [bean_check, file], check=False, timeout=60, capture_output=True, text=True
    )
    assert checked.returncode == 1
    assert "Balance failed" in checked.stderr


def test_beancount_tells_which_brand_an_account_is_of() -> None:
    some_life()

    entries, _amounts = load(export("journal", format="beancount", with_customer_ids=True))

    opened = {entry.account: entry.meta for entry in entries if isinstance(entry, Open)}
    brands = {meta["merchant_id"] for meta in opened.values() if "merchant_id" in meta}
    assert brands == {MERCHANT, "org-other", 'brand "x": 1 2'}
    customers = {meta["customer_id"] for meta in opened.values() if "customer_id" in meta}
    assert customers == {MEMBER, "u-2"}


def test_an_empty_journal_is_a_beancount_file_too() -> None:
    assert load(export("journal", format="beancount"))[1] == {}
    assert rows("journal") == []


def test_a_period_is_of_whole_days_in_the_zone_of_the_business(settings: Settings) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("Pacific/Auckland")
    tell(observe("tx-1"))
    today = datetime.now(tz=settings.BUSINESS_TIME_ZONE).date()
    tomorrow = today + timedelta(days=1)

    assert len(rows("journal", start=str(today), to=str(tomorrow))) == 3
    assert rows("journal", start=str(tomorrow)) == []
    assert rows("journal", to=str(today)) == []
    entries, _ = load(export("journal", format="beancount", start=str(today)))
    assert [entry.meta["group"] for entry in entries if isinstance(entry, Transaction)] == [
        str(EntryGroup.objects.get().pk)
    ]


def test_another_zone_changes_no_byte_of_a_beancount_file(settings: Settings) -> None:
    """In Auckland and in Honolulu it is never the same day, but for an hour."""
    tell(observe("tx-1"))
    as_of = settle()
    files = set()

    for zone in ("UTC", "Pacific/Auckland", "Pacific/Honolulu"):
        settings.BUSINESS_TIME_ZONE = ZoneInfo(zone)
        files.add(export("journal", format="beancount", as_of=as_of))

    (file,) = files
    posted_at = EntryGroup.objects.get().posted_at
    entries, _ = load(file)
    dates = {entry.date for entry in entries if isinstance(entry, Transaction)}
    assert dates == {posted_at.astimezone(UTC).date()}


def test_one_currency_alone_balances() -> None:
    some_life()

    assert {row["currency"] for row in rows("journal", currency="JPY")} == {"JPY"}
    _, amounts = load(export("journal", currency="JPY", format="beancount"))
    assert owed_by(amounts) == owed(currency="JPY")
