"""The admin's export page, and the list of what was exported."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import Settings

from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Unavailable
from rewards_site.reports import registry
from rewards_site.reports.models import ReportResult, ReportRun
from tests.factories import observe, tell
from tests.reports.made_up import made_up
from tests.reports.reading import export

LIST = "/admin/reports/reportrun/"
PAGE = f"{LIST}export/"


def log_in(client: Client, *codenames: str) -> None:
    user = User.objects.create_user("fiona", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    client.force_login(user)


@pytest.mark.django_db
def test_the_form_leads_to_the_download(admin_client: Client) -> None:
    tell(observe("tx-1"))
    answers = {"report": "journal", "format": "csv", "start": "2026-11-01", "end": "2999-01-01"}

    answer: Any = admin_client.post(PAGE, answers, follow=True)

    as_of = quote(wire_text(ReportRun.objects.get().as_of))
    asked = f"as_of={as_of}&from=2026-11-01&to=2999-01-01"
    assert answer.redirect_chain == [(f"/reports/journal.csv?{asked}", 302)]
    received = answer.getvalue()
    assert received.count(b"\r\n") == 4
    panel: Panel = admin_client.get(PAGE).context["panels"][0]
    digest = hashlib.sha256(received).hexdigest()
    assert [(row[2], row[5], row[6]) for row in panel.rows] == [("admin", "3", f"{digest[:12]}…")]
    page = admin_client.get(LIST).content.decode()
    assert f"{digest[:12]}…" in page
    assert "journal.csv" in page
    own = admin_client.get(f"{LIST}{ReportRun.objects.get().pk}/change/").content.decode()
    assert digest in own


@pytest.mark.django_db
def test_which_export_a_file_is_can_be_looked_up(admin_client: Client) -> None:
    export("liability")
    tell(observe("tx-1"))
    digest = hashlib.sha256(export("liability").encode()).hexdigest()

    found = admin_client.get(LIST, {"q": digest}).context["cl"].result_list

    assert [run.result.sha256 for run in found] == [digest]
    assert not admin_client.get(LIST, {"q": "0" * 64}).context["cl"].result_list


@pytest.mark.django_db
def test_mistakes_stand_beside_their_field(admin_client: Client) -> None:
    answers = {"report": "liability", "format": "beancount", "start": "2026-11-01", "as_of": "now"}

    form = admin_client.post(PAGE, answers).context["form"]

    assert {name: errors[0] for name, errors in form.errors.items()} == {
        "as_of": "'now' is not an RFC 3339 time such as 2026-11-20T08:00:00Z.",
        "format": "liability has no Beancount form; the journal has one.",
        "start": "liability is of one instant: say as_of instead.",
    }
    assert not ReportRun.objects.exists()


@pytest.mark.django_db
def test_an_instant_in_the_future_is_refused_on_the_form(admin_client: Client) -> None:
    answers = {"report": "journal", "format": "csv", "as_of": "2999-01-01T00:00:00Z"}

    form = admin_client.post(PAGE, answers).context["form"]

    assert form.errors == {"as_of": ["must not lie in the future."]}


@pytest.mark.django_db
def test_a_report_that_cannot_be_had_now_says_so_on_the_form(admin_client: Client) -> None:
    def settle(_asked: datetime | None) -> datetime:
        raise Unavailable("Postings have not ended. Try again in a moment.")

    registry.register(replace(made_up(lambda _query: iter(())), settle=settle))
    page = admin_client.post(PAGE, {"report": "made-up", "format": "csv"}).content.decode()
    registry.unregister("made-up")

    assert "Postings have not ended. Try again in a moment." in page


@pytest.mark.django_db
def test_the_form_names_the_zone_of_its_days_and_what_they_are_of(
    admin_client: Client, settings: Settings
) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("Europe/Berlin")

    page = admin_client.get(PAGE).content.decode()

    assert (
        "The first day, in Europe/Berlin: of earnings, by day; of journal, by posted_at; of "
        "lines, by purchased_at; of rate-audit, by purchased_at; of redemptions, by requested_at; "
        "of transactions, by purchased_at. Empty for all."
    ) in page


@pytest.mark.django_db
def test_no_inline_script_or_style(admin_client: Client) -> None:
    export("liability")
    for address in (PAGE, LIST, f"{LIST}{ReportRun.objects.get().pk}/change/"):
        page = admin_client.get(address).content.decode()
        assert "<style" not in page
        assert "style=" not in page
        assert "onclick" not in page


@pytest.mark.django_db
def test_who_only_reads_sees_exports_and_cannot_export(client: Client) -> None:
    log_in(client, "view_reportrun")
    export("liability")

    page = client.get(LIST).content.decode()

    assert "liability.csv" in page
    assert PAGE not in page
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"report": "liability", "format": "csv"}).status_code == 403


@pytest.mark.django_db
def test_customer_ids_are_offered_to_who_may_read_members(client: Client) -> None:
    log_in(client, "export_report")
    assert "with_customer_ids" not in client.get(PAGE).context["form"].fields

    asked = {"report": "liability", "format": "csv", "with_customer_ids": "on"}
    assert "with_customer_ids" not in client.post(PAGE, asked)["Location"]


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["reports_reportrun", "reports_reportresult"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"])
def test_what_was_exported_stays_on_record(table: str, sql: str) -> None:
    export("liability")

    with pytest.raises(DatabaseError, match="append-only"), atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(table))

    assert ReportRun.objects.count() == ReportResult.objects.count() == 1
