"""Rows for the admin's tests: opening balances, customer ids that changed, reward rules."""

from __future__ import annotations

from django.contrib.auth.models import User

from rewards_site.members.models import (
    ChangeKind,
    CustomerIdChange,
    ErasedName,
    Erasure,
    Member,
)
from tests.admin_rules import fill_rules
from tests.factories import NOON
from transactions.ledger.models import EntryGroup
from transactions.merging.models import MergedBalance
from transactions.opening.models import OpeningClosing, OpeningImport, OpeningLine, OpeningTotal


def fill_people(number: int, staff: User) -> None:
    """An import with a closed line and a merge of this number's member; a rule of its brand."""
    member = Member.objects.get(customer_id=f"u-{number:04d}")
    group = EntryGroup.objects.filter(entries__account__member=member).order_by("pk").first()
    assert group is not None
    opening = OpeningImport.objects.create(
        name=f"Import {number}",
        file_name="balances.csv",
        digest=f"{number:064}",
        imported_by="somebody",
        started_at=NOON,
        finished_at=NOON,
        line_count=1,
    )
    OpeningTotal.objects.create(
        opening=opening, currency="USD", line_count=1, pending_minor=5, available_minor=7
    )
    line = OpeningLine.objects.create(
        opening=opening,
        number=1,
        customer_id=member.customer_id,
        member=member,
        currency="USD",
        pending_minor=5,
        available_minor=7,
        entry_group=group,
    )
    OpeningClosing.objects.create(
        line=line,
        kind="released",
        member=member,
        closed_by="somebody",
        reason="Confirmed.",
        closed_at=NOON,
        entry_group=group,
    )
    change = CustomerIdChange.objects.create(
        kind=ChangeKind.MERGED,
        alias=Member.objects.create(customer_id=f"old-{number:04d}", created_at=NOON),
        member=member,
        actor=staff,
        approver=User.objects.create(username=f"second-{number}"),
        reason="One person.",
        changed_at=NOON,
    )
    MergedBalance.objects.create(
        change=change,
        currency="USD",
        pending_minor=0,
        available_minor=7,
        paid_out_minor=0,
        earned_minor=7,
    )
    erasure = Erasure.objects.create(
        member=change.alias,
        erased_by="somebody",
        begun_at=NOON,
        erased_at=NOON,
        counts={"orders": number},
    )
    ErasedName.objects.create(
        erasure=erasure, key_id="0123abcd", hash=f"{number:064x}", text=f"erased-{number:032x}"
    )
    fill_rules(number, staff)
