"""`transactions` as of an instant, over books that are not what Button said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from rewards_site.kernel.clock import wire_text
from rewards_site.reports.models import ReportResult
from tests.factories import observe, tell
from transactions.ledger.horizon import settle
from transactions.models import Transaction
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_of() -> datetime:
    """Between two words about one order, so that it is derived again."""
    tell(observe(publisher_customer_id="u-other"), observe("tx-2"))
    at = settle()
    tell(observe(publisher_customer_id="u-other", minutes=5, amount_minor=600))
    return at


@pytest.fixture(
    params=[
        (
            "UPDATE transactions_transactionrevision SET member_id = "
            "(SELECT id FROM members_member WHERE customer_id <> 'u-other') WHERE commission_minor "
            "= 1000",
            "the member is not whom Button named",
        ),
        (
            "UPDATE transactions_transactionrevision SET terms = '{{}}'{json}",
            "cannot be read: KeyError: 'share_bps'",
        ),
    ],
    ids=["another member", "terms lost"],
)
def words(request: pytest.FixtureRequest, as_of: datetime, corrupt: Callable[[str], None]) -> str:
    """What is wrong with the order that changed, as it is told."""
    sql, what = request.param
    corrupt(sql.replace("{{}}", "{}"))
    order = Transaction.objects.get(children__tx_id="tx-1")
    return (
        f"Order {order.public_id} cannot be told as it stood then: its revision 1 is not what was "
        f"booked ({what}). Run manage.py verify_ledger."
    )


def test_the_command_says_so_in_a_line_and_by_its_status(words: str, as_of: datetime) -> None:
    out = StringIO()

    with pytest.raises(CommandError) as error:
        call_command("export_report", "transactions", as_of=wire_text(as_of), stdout=out)

    assert (str(error.value), error.value.returncode) == (words, 1)
    assert out.getvalue() == ""
    assert ReportResult.objects.get().status == "failed"


def test_over_http_it_is_a_problem(words: str, as_of: datetime, client: Client) -> None:
    client.force_login(User.objects.create_superuser("fiona"))

    answer = client.get("/reports/transactions.csv", {"as_of": wire_text(as_of)})

    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert answer.json() == {
        "type": "/problems/books-differ",
        "title": "The thing is in another state than this needs",
        "status": 409,
        "detail": words,
    }


def test_verify_ledger_says_where_and_goes_on(words: str) -> None:
    found = verify_ledger()

    assert found.transactions == 2
    assert any("revision 1" in str(difference) for difference in found.differences)
    assert words
