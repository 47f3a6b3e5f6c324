"""No trace of a person is left in any table, and the books are as they were."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from rewards_site.members.models import Erasure
from rewards_site.reports.registry import names
from tests.accounts_sync.world import World
from tests.admin_world import fill
from tests.members.erasing.person import MARKS, NAME, live, traces
from tests.reports.reading import export
from transactions.ledger.horizon import settle
from transactions.redemptions.models import Redemption
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db

HELD_IN = {
    "accounts_sync_deferredrow.row",
    "approvals_proposal.decision_reason",
    "approvals_proposal.payload",
    "approvals_proposal.reason",
    "approvals_proposal.summary",
    "claims_claim.note",
    "claims_claim.order_reference",
    "clicks_click.link",
    "django_admin_log.change_message",
    "django_admin_log.object_repr",
    "inbox_webhookevent.body",
    "members_customeridchange.reason",
    "members_member.customer_id",
    "opening_openingline.customer_id",
    "redemptions_redemptionstep.reason",
    "redemptions_redemptionstep.reference",
    "transactions_transaction.customer_id_told",
    "transactions_transactionchild.told",
    "transactions_transactionrevision.observation",
    "transactions_transactionrevision.raw_row",
    "transactions_transactionrevision.reason",
}
"""Where such a person stands: what is erased, and nothing that this test would miss."""


def erase(*arguments: str) -> str:
    out = StringIO()
    call_command("erase_member", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_no_trace_is_left_and_not_a_byte_of_the_books_changes(
    world: World, tmp_path: Path, settings: Settings
) -> None:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 10**9}
    live(world, tmp_path)
    fill(1, 2)
    as_of = settle()
    formats = [(name, "csv") for name in names()] + [("journal", "beancount")]
    reports = {pair: export(pair[0], as_of=as_of, format=pair[1]) for pair in formats}
    checked = verify_ledger()
    assert set(traces()) >= HELD_IN
    assert {mark for marks in traces().values() for mark in marks} == set(MARKS)

    said = erase(NAME)

    assert said.splitlines()[-1].startswith("Erased: 3 customer ids, ")
    assert traces() == {}
    theirs = Redemption.objects.get(member=Erasure.objects.latest("begun_at").member)
    assert (theirs.status, theirs.destination_sealed, theirs.destination_digest) == ("paid", "", "")
    assert "51" not in theirs.destination_masked
    assert verify_ledger() == checked
    assert {pair: export(pair[0], as_of=as_of, format=pair[1]) for pair in formats} == reports
