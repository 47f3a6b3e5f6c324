"""A claim's page shows what Button told of its tap and could not be applied."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from tests.admin_world import make_event, make_row, make_staff
from tests.factories import ACCOUNT, observe, tell
from tests.transactions.claims.claiming import filed, tap

pytestmark = pytest.mark.django_db

TITLE = "What Button told of this tap, and could not be applied"


def test_deferred_webhooks_and_rows_of_the_tap(client: Client) -> None:
    tell(observe("tx-1", publisher_customer_id="another"))
    click = tap()
    claim = filed(click)
    told = json.dumps({"data": {"pub_ref": click.pub_ref}})
    event = make_event(1, body=told.encode(), reason="data.id is missing")
    make_event(2)
    make_row(1, account_id=ACCOUNT, row=told, reason="status is not known")
    make_row(2, account_id=ACCOUNT)
    client.force_login(make_staff("Ops"))

    page = client.get(f"/admin/claims/claim/{claim.pk}/change/")

    [panel] = [panel for panel in page.context["panels"] if panel.title == TITLE]
    assert [row[2] for row in panel.rows] == ["data.id is missing", "status is not known"]
    assert f"/webhookevent/{event.pk}/" in panel.rows[0][0]
    client.force_login(make_staff("Support"))
    again = client.get(f"/admin/claims/claim/{claim.pk}/change/")
    assert TITLE not in [panel.title for panel in again.context["panels"]]
