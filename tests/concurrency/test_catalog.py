"""Catalogue runs beside each other and beside orders of the same brands."""

from __future__ import annotations

import itertools
import json
import random

import responses

from offers.models import CatalogRun, Merchant, MerchantProfile, MerchantRevision
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.conftest import CommittedDatabase
from tests.factories import observe, tell
from tests.offers.brands import BRANDS_URL, listed, read_catalog, wire_brand

BRANDS = [f"org-{number:02}" for number in range(40)]


def test_two_runs_at_once_record_every_change_once(
    committed_db: CommittedDatabase, button: responses.RequestsMock
) -> None:
    listed(button, *map(wire_brand, BRANDS))
    all_returned(at_once(4, lambda _number: read_catalog()))
    listed(button, *(wire_brand(brand, name="New") for brand in BRANDS))
    reports = all_returned(at_once(4, lambda _number: read_catalog()))

    assert {report.status for report in reports} == {"done"}
    assert sum(report.counts.changed for report in reports) == len(BRANDS)
    revisions = MerchantRevision.objects.order_by("merchant", "number")
    assert list(revisions.values_list("merchant", "number", "kind")) == [
        row for brand in BRANDS for row in ((brand, 1, "described"), (brand, 2, "changed"))
    ]
    assert deadlock_count() == 0


def test_runs_with_different_lists_leave_a_history_that_adds_up(
    committed_db: CommittedDatabase, button: responses.RequestsMock
) -> None:
    dice = random.Random(7)

    def answer(_request: object) -> tuple[int, dict[str, str], str]:
        brands = [wire_brand(brand, name=f"Name {dice.randrange(3)}") for brand in BRANDS]
        kept = dice.sample(brands, 35)
        return 200, {}, json.dumps({"meta": {"status": "ok"}, "objects": kept})

    button.add_callback(responses.GET, BRANDS_URL, callback=answer)

    all_returned(at_once(6, lambda _number: [read_catalog() for _ in range(3)]))

    for profile in MerchantProfile.objects.all():
        revisions = list(MerchantRevision.objects.filter(merchant=profile.pk).order_by("number"))
        assert [one.number for one in revisions] == list(range(1, profile.revision_count + 1))
        names = [change for one in revisions for change in one.changes if change["field"] == "name"]
        assert all(
            before["after"] == after["before"] for before, after in itertools.pairwise(names)
        )
        assert names[-1]["after"] == profile.name
        kinds = [one.kind for one in revisions if one.kind != "changed"]
        assert (kinds[-1] == "unlisted") == (profile.unlisted_since is not None)
        assert all(left != right for left, right in itertools.pairwise(kinds))
    assert CatalogRun.objects.filter(status="done").count() == 18
    assert deadlock_count() == 0


def test_orders_of_the_same_brands_are_booked_meanwhile(
    committed_db: CommittedDatabase, button: responses.RequestsMock
) -> None:
    listed(button, *map(wire_brand, BRANDS))

    def work(number: int) -> object:
        if number % 2:
            return read_catalog()
        order = random.Random(number).sample(BRANDS, len(BRANDS))
        return [
            tell(
                *(
                    observe(f"tx-{number}-{brand}", merchant_id=brand, merchant_name="OF AN ORDER")
                    for brand in order[start : start + 10]
                )
            )
            for start in range(0, len(order), 10)
        ]

    all_returned(at_once(6, work))
    read_catalog()

    assert set(Merchant.objects.values_list("name", flat=True)) == {"Brand Example"}
    assert MerchantProfile.objects.count() == len(BRANDS)
    assert set(MerchantRevision.objects.values_list("kind", flat=True)) == {"described"}
    assert deadlock_count() == 0
