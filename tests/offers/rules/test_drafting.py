"""Drafts: made, copied, edited, deleted; every step on the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from offers.rules.drafting import delete_draft, edit_draft, make_rule, start_draft
from offers.rules.models import RewardRule, RuleChange, RuleState, RuleVersion
from offers.rules.promise import Promise
from offers.rules.store import promise_of
from offers.rules.terms import TermsKind
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from tests.factories import NOON
from tests.offers.rules.making import A_THIRD, drafted, make_merchant, person, published

pytestmark = pytest.mark.django_db


def history() -> list[tuple[str, int, str]]:
    rows = RuleChange.objects.order_by("pk")
    return list(rows.values_list("kind", "version_number", "reason"))


def edit(draft: RuleVersion, promise: Promise) -> RuleVersion:
    return edit_draft(
        version_id=draft.pk,
        promise=promise,
        seen_hash=draft.content_hash,
        actor=person("bob"),
        reason="Better",
        at=NOON,
    )


def test_a_draft_is_kept_as_it_was_said() -> None:
    make_merchant()
    promise = Promise(
        zone="Europe/Berlin",
        kind=TermsKind.POINTS_PER_UNIT,
        points=Decimal("0.2500"),
        currency="JPY",
        cap_minor=1_000,
        minimum_order_minor=5,
        minimum_currency="EUR",
        priority=-3,
        merchant_id="org-shoes",
        starts=datetime(2026, 11, 27, 8, 30),  # noqa: DTZ001  # a local time
        note="Agreed",
    )

    version = RuleVersion.objects.get(pk=drafted("Points", promise).pk)

    assert promise_of(version) == promise
    assert str(version.starts_at) == "2026-11-27 07:30:00+00:00"
    [change] = RuleChange.objects.all()
    assert change.what[:3] == [
        ["Pays", "", "0.25 points for each JPY of the commission, at most 1000 points an order, "
                     "from an order of 0.05 EUR on"],
        ["For", "", "Shoes & Co (org-shoes)"],
        ["When", "", "from 2026-11-27 08:30 on (Europe/Berlin)"],
    ]  # fmt: skip


def test_asked_twice_a_rule_is_made_once_and_a_name_is_taken_once() -> None:
    first = drafted("Spring")

    assert drafted("  Spring ") == first
    for name, share in (("Spring", 5), ("SPRING", 3_333)):
        with pytest.raises(Conflict, match="Another rule has that name"):
            drafted(name, share_bps=share)

    assert RewardRule.objects.count() == 1
    assert history() == [("drafted", 1, "For the season")]


def test_the_next_draft_is_a_copy_and_there_is_one() -> None:
    version = published("Spring", priority=2)

    drafts = [
        start_draft(rule_id=version.rule_id, actor=person(), reason="Next", at=NOON)
        for _ in range(2)
    ]

    assert drafts[0] == drafts[1]
    assert (drafts[0].number, drafts[0].state) == (2, RuleState.DRAFT)
    assert promise_of(drafts[0]) == promise_of(version)
    assert drafts[0].content_hash != version.content_hash


def test_an_edit_tells_what_changed_and_the_same_again_nothing() -> None:
    draft = drafted("Spring")

    for _ in range(2):
        edited = edit(draft, replace(A_THIRD, share_bps=4_000, category=" running   shoes "))

    assert (edited.share_bps, edited.category) == (4_000, "running shoes")
    assert edited.content_hash != draft.content_hash
    assert [change.what for change in RuleChange.objects.filter(kind="edited")] == [
        [
            ["Pays", "33.33 % of the commission", "40 % of the commission"],
            ["For", "every merchant", "every merchant, lines of category «running shoes»"],
        ]
    ]


def test_the_note_may_change_without_another_hash() -> None:
    draft = drafted("Spring")

    assert edit(draft, replace(A_THIRD, note="Ask Eve")).content_hash == draft.content_hash


def test_a_deleted_draft_leaves_its_history_and_its_number() -> None:
    draft = drafted("Spring")

    delete_draft(version_id=draft.pk, actor=person(), reason="Not now", at=NOON)
    with pytest.raises(NotFound):
        delete_draft(version_id=draft.pk, actor=person(), reason="Not now", at=NOON)
    with pytest.raises(Conflict, match="Its only draft was deleted"):
        start_draft(rule_id=draft.rule_id, actor=person(), reason="Again", at=NOON)
    again = drafted("Spring")

    assert (again.rule_id, again.number) == (draft.rule_id, 2)
    assert [(kind, number) for kind, number, _ in history()] == [
        ("drafted", 1),
        ("deleted", 1),
        ("drafted", 2),
    ]


def test_what_is_published_is_no_draft() -> None:
    version = published("Spring")

    with pytest.raises(Conflict, match="stays as it is"):
        edit(version, replace(A_THIRD, share_bps=1))
    with pytest.raises(Conflict, match="stays as it is"):
        delete_draft(version_id=version.pk, actor=person(), reason="No", at=NOON)

    assert RuleVersion.objects.get().share_bps == 3_333


@pytest.mark.parametrize(
    ("name", "said", "fields"),
    [
        ("", {}, {"name"}),
        ("x" * 81, {}, {"name"}),
        ("Tab\x00bed", {}, {"name"}),
        ("A", {"priority": 1_001}, {"priority"}),
        ("A", {"points": Decimal(1)}, {"points"}),
        ("A", {"kind": TermsKind.POINTS_FIXED, "points": Decimal(10) ** 10}, {"share_bps",
                                                                              "points"}),
        ("A", {"minimum_currency": "USD"}, {"minimum_currency"}),
        ("A", {"is_promotion": True}, {"budget_minor", "currency"}),
        ("A", {"is_promotion": True, "budget_minor": 5, "currency": "USD",
               "budget_currency": "EUR"}, {"budget_currency"}),
        ("A", {"is_promotion": True, "budget_minor": 5, "kind": TermsKind.POINTS_FIXED,
               "share_bps": 0, "points": Decimal(5), "budget_currency": "USD"},
         {"budget_currency"}),
        ("A", {"zone": "Nowhere"}, {"zone"}),
        ("A", {"zone": "Nowhere", "starts": datetime(2026, 1, 1)}, {"zone"}),  # noqa: DTZ001
        ("A", {"merchant_id": "org-none"}, {"merchant_id"}),
        ("A", {"category": "x" * 201}, {"category"}),
        ("A", {"note": "x" * 2_001}, {"note"}),
    ],
)  # fmt: skip
def test_what_may_not_be_promised_is_refused_by_field(
    name: str, said: dict[str, object], fields: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make_rule(
            name=name,
            promise=replace(A_THIRD, **said),  # type: ignore[arg-type]  # any field
            actor=person(),
            reason="Why not",
            at=NOON,
        )

    assert set(refusal.value.fields) == fields
    assert not RewardRule.objects.exists()
