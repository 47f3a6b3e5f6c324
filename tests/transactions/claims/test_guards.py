"""What was told and found of a claim stays; what the member wrote can only be emptied."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from rewards_site.kernel.db import atomic
from tests.factories import NOON
from tests.transactions.claims.claiming import filed, tap
from transactions.claims.models import Claim, ClaimStep

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "excluded"},
        {"order_total_minor": 1, "order_currency": "USD"},
        {"filed_at": NOON},
        {"evidence": {}},
        {"note": "Another"},
        {"order_reference": "Another"},
        {"status": "answered"},
        {"answered_at": NOON},
    ],
)
def test_a_claim_is_not_rewritten(change: dict[str, Any]) -> None:
    claim = filed(tap(), note="Shoes", order_reference="A-1")

    with pytest.raises(IntegrityError), atomic():
        Claim.objects.filter(pk=claim.pk).update(**change)


def test_nor_deleted_nor_its_steps_changed() -> None:
    claim = filed(tap())

    for deed in (
        lambda: Claim.objects.filter(pk=claim.pk).delete(),
        lambda: ClaimStep.objects.filter(claim=claim).delete(),
        lambda: ClaimStep.objects.filter(claim=claim).update(reason="x"),
    ):
        with pytest.raises(IntegrityError), atomic():
            deed()


def test_words_are_emptied() -> None:
    claim = filed(tap(), note="Shoes", order_reference="A-1")

    Claim.objects.filter(pk=claim.pk).update(note="", order_reference="")

    claim.refresh_from_db()
    assert (claim.note, claim.order_reference) == ("", "")
