"""GET /reports/NAME.FORMAT."""

from __future__ import annotations

import gc
import hashlib
import zipfile
from datetime import datetime
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client

from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.db import is_postgres
from rewards_site.reports.models import ReportResult, ReportRun
from rewards_site.reports.registry import Report
from tests.conftest import CommittedDatabase
from tests.factories import observe, tell
from tests.reports.reading import export
from transactions.ledger.horizon import settle

ADDRESS = "/reports/liability.csv"


def make_finance(*, sees_members: bool = True, **fields: Any) -> User:
    user = User.objects.create_user("fiona", **({"is_staff": True} | fields))
    names = ["export_report", "view_reportrun", *(["view_member"] if sees_members else [])]
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return user


@pytest.fixture
def finance(db: None, client: Client) -> Client:
    client.force_login(make_finance())
    return client


def body(answer: HttpResponseBase) -> bytes:
    assert isinstance(answer, StreamingHttpResponse)
    return answer.getvalue()


def test_the_same_bytes_as_the_command_line(finance: Client) -> None:
    tell(observe("tx-1"))
    as_of = settle()
    tell(observe("tx-2"))

    answer = finance.get(ADDRESS, {"as_of": wire_text(as_of)})

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer["Content-Disposition"].startswith('attachment; filename="liability-2026')
    assert answer["X-Report-As-Of"] == wire_text(as_of)
    assert answer["Cache-Control"] == "no-store"
    received = body(answer)
    assert received.decode() == export("liability", as_of=as_of)
    result = ReportResult.objects.get(run=int(answer["X-Report-Export"]))
    assert result.sha256 == hashlib.sha256(received).hexdigest()
    assert (result.run.door, str(result.run.actor)) == ("web", "fiona")


def test_the_other_formats_by_their_ending(finance: Client) -> None:
    tell(observe("tx-1"))

    beancount = body(finance.get("/reports/journal.beancount")).decode()
    with zipfile.ZipFile(BytesIO(body(finance.get("/reports/transactions.xlsx")))) as archive:
        sheets = [name for name in archive.namelist() if "sheet1.xml" in name]
    answer = finance.get("/reports/liability.parquet")
    parquet = pq.read_table(BytesIO(body(answer)))

    assert ' * "transaction" "transaction/' in beancount
    assert sheets == ["xl/worksheets/sheet1.xml"]
    assert answer["Content-Type"] == "application/vnd.apache.parquet"
    assert parquet.column("pending").to_pylist() == [500]


def test_what_is_asked_for_is_what_is_shown(finance: Client) -> None:
    tell(observe("tx-1"), observe("tx-2", currency="JPY", account_id="acc-yen"))
    asked = {"from": "2026-11-20", "to": "2026-11-21", "currency": "JPY", "with_customer_ids": "1"}

    rows = body(finance.get("/reports/transactions.csv", asked)).decode().splitlines()

    assert rows[0].endswith(",customer_id")
    assert len(rows) == 2
    assert "btnorder-2" in rows[1]


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/reports/profit.csv", 404, "There are: "),
        ("/reports/liability.pdf", 422, "'pdf' is none of csv"),
        ("/reports/liability.beancount", 422, "the journal has one"),
        (f"{ADDRESS}?as_of=2999-01-01T00:00:00Z", 422, "lies in the future"),
        (f"{ADDRESS}?as_of=2026-11-01", 422, "is a day, not an instant"),
        (f"{ADDRESS}?from=2026-11-01", 422, "is of one instant"),
        ("/reports/journal.csv?from=x&currency=y", 422, "is not a day"),
        (f"{ADDRESS}?as-of=2999-01-01T00:00:00Z", 422, "lies in the future"),
        (f"{ADDRESS}?asof=2026-11-01T00:00:00Z", 422, "is not known"),
        (f"{ADDRESS}?currency=USD&currency=GBP", 422, "is told twice"),
        (f"{ADDRESS}?with_customer_ids=maybe", 422, "neither on nor off"),
    ],
)
def test_mistakes_have_a_status_and_a_sentence(
    finance: Client, address: str, status: int, said: str
) -> None:
    answer = finance.get(address)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]
    assert not ReportRun.objects.exists()


def test_nobody_gets_a_report_without_the_role(db: None, client: Client) -> None:
    assert client.get(ADDRESS).status_code == 403
    browser = client.get(f"{ADDRESS}?currency=USD", headers={"Accept": "text/html"})
    assert browser.status_code == 302
    assert browser["Location"] == ("/admin/login/?next=/reports/liability.csv%3Fcurrency%3DUSD")

    client.force_login(User.objects.create_user("sam", is_staff=True))
    assert client.get(ADDRESS).status_code == 403
    client.force_login(make_finance(is_staff=False))
    assert client.get(ADDRESS).status_code == 403
    assert not ReportRun.objects.exists()


def test_customer_ids_are_for_who_may_read_members(db: None, client: Client) -> None:
    client.force_login(make_finance(sees_members=False))

    assert client.get(ADDRESS, {"with_customer_ids": "yes"}).status_code == 403
    assert body(client.get(ADDRESS)).startswith(b"member_id,")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{ADDRESS}?as_of=2999-01-01T00:00:00Z", 422),
        ("/reports/liability.pdf", 422),
        ("/reports/profit.csv", 404),
    ],
)
def test_head_tells_of_mistakes_as_get_does(finance: Client, address: str, status: int) -> None:
    assert finance.head(address).status_code == finance.get(address).status_code == status


def test_head_tells_what_get_would_and_leaves_no_trace(finance: Client) -> None:
    tell(observe("tx-1"))

    told = finance.head(ADDRESS)

    assert (told.status_code, body(told)) == (200, b"")
    assert not ReportRun.objects.exists()
    got = finance.get(ADDRESS, {"as_of": told["X-Report-As-Of"]})
    assert body(got).decode() == export(
        "liability", as_of=datetime.fromisoformat(told["X-Report-As-Of"])
    )
    assert {**told.headers, "X-Report-Export": got["X-Report-Export"]} == {**got.headers}


def test_head_is_for_who_may_get(db: None, client: Client) -> None:
    assert client.head(ADDRESS).status_code == 403


def test_head_of_a_broken_report_reads_nothing(finance: Client, broken_report: Report) -> None:
    assert finance.head(f"/reports/{broken_report.name}.csv").status_code == 200
    assert not ReportResult.objects.exists()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_report_is_only_got(finance: Client, method: str) -> None:
    assert getattr(finance, method)(ADDRESS).status_code == 405


def test_what_fails_before_the_first_byte_has_a_real_status(
    finance: Client, broken_report: Report
) -> None:
    answer = finance.get(f"/reports/{broken_report.name}.csv")

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert ReportResult.objects.get().status == "failed"


def test_what_fails_half_way_breaks_off_and_is_recorded(
    finance: Client, half_a_report: Report
) -> None:
    answer = finance.get(f"/reports/{half_a_report.name}.csv")
    assert answer.status_code == 200

    with pytest.raises(ZeroDivisionError):
        body(answer)

    assert ReportResult.objects.get().status == "failed"


def open_cursors() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '%django%'")
        count: int = cursor.fetchone()[0]
    return count


def test_a_reader_that_leaves_half_way_closes_everything(
    committed_db: CommittedDatabase,
) -> None:
    tell(*(observe(f"tx-{number}", publisher_customer_id="u-1") for number in range(500)))
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    answer: Any = client.get("/reports/journal.csv")
    iterator = iter(answer)
    assert next(iterator).startswith(b"group,")
    assert connection.in_atomic_block or not is_postgres()

    answer.close()
    del iterator
    gc.collect()

    assert not connection.in_atomic_block
    result = ReportResult.objects.get()
    assert (result.status, result.row_count) == ("abandoned", 1000)
    tell(observe("tx-after"))  # SQLite's read transaction is over, too
    if is_postgres():
        assert open_cursors() == 0
