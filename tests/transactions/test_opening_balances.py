"""What members had elsewhere comes along once, by name, and balances."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from rewards_site.members.models import Member
from tests.factories import balances, house
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account, EntryGroup
from transactions.opening.models import OpeningClosing, OpeningImport, OpeningLine
from transactions.passbook import activity_of, item_of
from transactions.statement import balances_of
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db

Write = Callable[..., str]
"""Writes a file of this text or these bytes; where it is."""

FILE = """customer_id,currency,available,pending
ann,USD,1050,0
bob,USD,25,
bob,JPY,700,0
cem,USD,0,0
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str | bytes, name: str = "balances.csv") -> str:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("import_opening_balances", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def refused(*arguments: str) -> list[str]:
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("import_opening_balances", *arguments, stdout=out, stderr=out)
    return [*out.getvalue().splitlines(), str(error.value)]


def differences() -> list[str]:
    return [str(difference) for difference in verify_ledger().differences]


def test_members_have_what_the_file_says_against_the_house(write: Write) -> None:
    said = run(write(FILE), "--name", "cut-over")

    assert said.splitlines() == [
        "JPY: 1 line, available 700, pending 0",
        "USD: 2 lines, available 10.75, pending 0.00",
        "Left out, of nothing: 1",
        "«cut-over» imported: 3 of 3 lines booked now, all are booked.",
    ]
    assert balances("ann") == {"available": 1050}
    assert balances("bob") == {"available": 25}
    assert balances("bob", "JPY") == {"available": 700}
    assert not Member.objects.filter(customer_id="cem").exists()
    assert house(AccountKind.OPENING_BALANCES) == 1075
    assert house(AccountKind.OPENING_BALANCES, "JPY") == 700
    assert differences() == []


def test_it_is_not_earned_and_the_member_reads_what_it_is(write: Write) -> None:
    run(write(FILE), "--name", "cut-over")

    assert balances_of("ann")[0].lifetime_earned == 0
    (item,) = [item_of(row) for row in activity_of("ann")[:5]]
    assert (item.kind, item.description) == ("opening_balance", "Opening balance.")
    assert (item.available_change, item.available_after) == (1050, 1050)


def test_the_same_again_changes_nothing(write: Write) -> None:
    path = write(FILE)
    run(path, "--name", "cut-over")

    said = run(path, "--name", " cut-over ")

    assert said.splitlines()[-1] == "«cut-over» was imported before, all 3 lines: nothing changed."
    assert EntryGroup.objects.count() == 3
    assert balances("ann") == {"available": 1050}


def test_the_name_of_another_file_is_refused(write: Write) -> None:
    run(write(FILE), "--name", "cut-over")

    said = refused(write(FILE.replace("1050", "1051"), "other.csv"), "--name", "cut-over")

    assert said[-1].startswith("«cut-over» is the name of another file, imported at ")
    assert balances("ann") == {"available": 1050}


def test_every_mistake_is_listed_and_nothing_is_written(write: Write) -> None:
    lines = [
        "customer_id,currency,available,pending",
        "ann b,USD,1,0",
        "bob,usd,1,0",
        "cem,USD,-1,0",
        "dan,USD,1000000000000001,0",
        "eve,USD,10.50,0",
        "fay,USD,1",
        "gus,USD,1,0",
        "gus,USD,2,0",
        "hal,USD,,0",
        "ida,USD,1,7",
    ]

    said = refused(write("\n".join(lines)), "--name", "cut-over")

    assert said == [
        "line 2, customer_id: is not a customer id (1-255 characters of ASCII 0x21-0x7E, "
        "no blanks)",
        "line 3, currency: 'usd' is not an ISO 4217 code in capitals, nor PTS",
        "line 4, available: is negative",
        "line 5, available: is past 1000000000000000 minor units",
        "line 6, available: '10.50' is not a whole number of minor units, "
        "such as 1050 for 10.50 USD",
        "line 7, line: has 3 fields; the heading has 4",
        "line 9, customer_id: has USD on line 8 already",
        "line 10, available: '' is not a whole number of minor units, such as 1050 for 10.50 USD",
        "line 11, pending: no order will ever release it; to bring it along all the same: "
        "--with-pending",
        "9 mistakes, see above. Nothing was imported.",
    ]
    assert (OpeningImport.objects.count(), Member.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1, heading: missing: customer_id,currency,available[,pending]"),
        (b"ann,USD,1\n", "line 1, customer_id: this column is missing from the heading"),
        (b"customer_id,currency,available,x\n", "line 1, x: is not one of the columns"),
        (b"customer_id,currency,available\n\xe4,USD,1\n", "line 2, file: byte 31 is not UTF-8"),
        ("customer_id,currency,available\n".encode("utf-16"), "line 1, file: byte 0 is not UTF-8"),
        (b"customer_id,currency,available\n", "line 1, file: holds no balance"),
    ],
)
def test_a_file_that_is_none_says_why(write: Write, content: bytes, said: str) -> None:
    assert refused(write(content), "--name", "cut-over")[0].startswith(said)


def test_a_byte_order_mark_is_passed_over(write: Write) -> None:
    run(write(b"\xef\xbb\xbf" + FILE.encode()), "--name", "cut-over")

    assert balances("ann") == {"available": 1050}


def test_a_dry_run_writes_nothing(write: Write) -> None:
    said = run(write(FILE), "--name", "cut-over", "--dry-run")

    assert said.splitlines()[-1] == "Nothing is wrong with it. Nothing was written (--dry-run)."
    assert (OpeningImport.objects.count(), Member.objects.count()) == (0, 0)


def test_what_is_pending_is_released_or_cancelled_once(write: Write) -> None:
    text = "customer_id,currency,available,pending\nann,USD,100,40\nbob,USD,0,60\n"
    run(write(text), "--name", "cut-over", "--with-pending")
    assert balances("ann") == {"available": 100, "pending": 40}

    def close(*arguments: str) -> str:
        out = StringIO()
        call_command("close_opening_balances", "cut-over", *arguments, stdout=out)
        return out.getvalue().strip()

    assert close("--release", "--customer-id", "ann", "--reason", "Paid by the brand.") == (
        "released: 1 line, 0.40 USD"
    )
    assert close("--cancel", "--reason", "Never confirmed.") == "cancelled: 1 line, 0.60 USD"
    assert close("--release", "--reason", "Again.") == "released: 0 lines"
    assert (balances("ann"), balances("bob")) == ({"available": 140}, {})
    assert house(AccountKind.OPENING_BALANCES) == 140
    assert OpeningClosing.objects.count() == 2
    assert sum(row.earned_minor for row in Account.objects.all()) == 0
    assert differences() == []


def test_a_line_that_is_booked_as_it_does_not_stand_is_found(write: Write) -> None:
    run(write(FILE), "--name", "cut-over")
    first, second = OpeningLine.objects.order_by("number")[:2]
    group_ids = (second.entry_group_id, first.entry_group_id)
    for line in (first, second):
        line.entry_group_id = None
        line.save(update_fields=["entry_group_id"])
    for line, group_id in zip((first, second), group_ids, strict=True):
        line.entry_group_id = group_id
        line.save(update_fields=["entry_group_id"])

    said = (
        f"opening/{first.opening_id}/line/2: opening_balances USD: "
        "booked 25, should be 1050 (debits less credits)"
    )
    assert said in differences()
