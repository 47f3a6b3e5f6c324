"""Ops draft, publish and withdraw reward rules in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from offers.rules import gates
from offers.rules.admin import tools
from offers.rules.models import ChangeKind, RuleChange, RuleState, RuleVersion
from rewards_site.approvals.models import Proposal
from tests.admin_world import make_staff, said
from tests.offers.rules.making import TWICE, drafted, make_merchant, no_gates, published

pytestmark = pytest.mark.django_db
LIST = "/admin/rules/rewardrule/"
NEW = f"{LIST}new/"
TYPED = {
    "name": "Spring",
    "kind": "share",
    "share": "62.5",
    "currency": "usd",
    "cap": "5.00",
    "minimum_order": "20",
    "merchant": "org-shoes",
    "starts": "2026-12-01T00:00",
    "ends": "2027-01-01T00:00",
    "zone": "America/New_York",
    "priority": "2",
    "note": "Agreed with the brand",
    "reason": "Winter sale",
}


@pytest.fixture(autouse=True)
def _no_gates() -> Iterator[None]:
    with no_gates():
        yield


@pytest.fixture
def ops(client: Client) -> Client:
    client.force_login(make_staff("Ops"))
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def page_of(row: RuleVersion, name: str = "change") -> str:
    return f"/admin/rules/ruleversion/{row.pk}/{name}/"


def test_the_empty_list_says_what_pays_and_what_to_do(ops: Client) -> None:
    text = text_of(ops.get(LIST))

    assert "every order pays the default share, 50 % of its commission" in text
    assert f'href="{NEW}"' in text


def test_a_draft_is_kept_as_it_was_typed(ops: Client) -> None:
    make_merchant()

    answer = ops.post(NEW, TYPED)

    version = RuleVersion.objects.get()
    assert answer["Location"] == page_of(version)
    assert (version.share_bps, version.currency, version.cap_minor) == (6_250, "USD", 500)
    assert (version.minimum_order_minor, version.merchant_id) == (2_000, "org-shoes")
    assert str(version.starts_at) == "2026-12-01 05:00:00+00:00"
    text = text_of(ops.get(page_of(version)))
    assert "62.5 % of the commission in USD, at most 5.00 USD an order" in text
    assert "from 2026-12-01 00:00 until 2027-01-01 00:00 (America/New_York)" in text
    assert "Shoes &amp; Co (org-shoes)" in text
    assert "Winter sale" in text
    form = text_of(ops.get(page_of(version, "edit")))
    for value in ("62.50", "5.00", "20.00", "org-shoes", "2026-12-01T00:00", "America/New_York"):
        assert f'value="{value}' in form


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"share": "100.01"}, "share", "More than the whole commission"),
        ({"share": "60.005"}, "share", "no more than 2 decimal places"),
        ({"cap": "5.001"}, "cap", "USD has 2 digits after the point."),
        ({"currency": "XXX"}, "currency", "Say in which currency, such as USD."),
        ({"merchant": "org-none"}, "merchant", "There is no such merchant here"),
        ({"ends": "2026-12-01T00:00"}, "ends", "It must end after it starts."),
        ({"ends": "soon"}, "ends", "A day and a time such as"),
        ({"zone": "Mars"}, "zone", "is no time zone"),
        ({"kind": "fixed", "share": "", "fixed": ""}, "fixed", "The amount must be above 0"),
        ({"kind": "fixed", "fixed": "1"}, "share", "This kind pays no share"),
        ({"kind": "points_fixed", "share": "", "points": "1.5", "cap": ""}, "points", "only whole"),
        ({"is_promotion": "on"}, "budget", "A promotion needs a budget above 0."),
        ({"budget": "100"}, "budget", "Only a promotion has a budget."),
        ({"category": "x", "kind": "fixed", "share": "", "fixed": "1"}, "kind", "only be a share"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(
    ops: Client, typed: dict[str, str], field: str, sentence: str
) -> None:
    make_merchant()

    answer = ops.post(NEW, TYPED | typed)

    assert sentence in " ".join(answer.context["form"].errors.get(field, []))
    assert RuleVersion.objects.count() == 0
    assert 'value="Spring"' in text_of(answer)


def test_all_that_is_wrong_is_said_at_once(ops: Client) -> None:
    answer = ops.post(NEW, TYPED | {"share": "100.01", "cap": "5.001", "note": "x" * 2_001})
    assert set(answer.context["form"].errors) == {"note"}

    answer = ops.post(NEW, TYPED | {"share": "100.01", "cap": "5.001", "zone": "Mars"})
    assert set(answer.context["form"].errors) == {"share", "cap", "zone"}


def test_a_draft_edited_by_another_meanwhile_is_not_overwritten(ops: Client) -> None:
    draft = drafted("Spring")
    asked = {"kind": "share", "share": "40", "zone": "UTC", "priority": "0", "reason": "Less"}

    answer = ops.post(page_of(draft, "edit"), asked | {"seen_hash": "older"})
    assert "Somebody else edited this draft meanwhile" in text_of(answer)

    ops.post(page_of(draft, "edit"), asked | {"seen_hash": draft.content_hash})
    draft.refresh_from_db()
    assert draft.share_bps == 4_000
    change = RuleChange.objects.get(kind=ChangeKind.EDITED)
    assert change.what == [["Pays", "33.33 % of the commission", "40 % of the commission"]]


def test_the_publish_page_shows_what_orders_get_and_publishes(ops: Client) -> None:
    draft = drafted("Spring", share_bps=6_000)
    text = text_of(ops.get(page_of(draft, "publish")))
    assert "<td" in text
    for figure in ("100.00 USD", "4.00 USD", "2.40 USD", "1.60 USD"):
        assert figure in text

    answer = ops.post(
        page_of(draft, "publish"), {"content_hash": draft.content_hash, "reason": "Now"}
    )

    assert said(answer)[0][0] == "success"
    draft.refresh_from_db()
    assert draft.state == RuleState.PUBLISHED
    assert "in force" in text_of(ops.get(LIST))
    assert "Withdraw" in text_of(ops.get(page_of(draft)))


def test_conflicts_are_accepted_one_by_one_before_publishing(ops: Client) -> None:
    published("Summer")
    draft = drafted("Spring", share_bps=6_000)
    asked: dict[str, Any] = {"content_hash": draft.content_hash, "reason": "Now"}
    answer = ops.get(page_of(draft, "publish"))
    sentences = [value for value, _ in answer.context["form"].fields["acknowledged"].choices]
    assert sentences == [
        "«Summer» (version 1) can never win: «Spring» (version 1) always goes before it.",
        "«Spring» (version 1) and «Summer» (version 1) compete for every merchant, both with "
        "priority 0, from now on: «Spring» (version 1) goes first, as it was published later.",
    ]

    for accepted in ([], sentences[:1], [*sentences, "Something else"]):
        answer = ops.post(page_of(draft, "publish"), asked | {"acknowledged": accepted})
        assert answer.context["form"].errors["acknowledged"]
    ops.post(page_of(draft, "publish"), asked | {"acknowledged": sentences})

    draft.refresh_from_db()
    assert draft.state == RuleState.PUBLISHED
    assert RuleChange.objects.get(rule=draft.rule, kind="published").acknowledged == sentences


def test_a_shut_gate_is_told_with_the_way_out_and_nothing_is_published(ops: Client) -> None:
    draft = drafted("Spring")
    gate = gates.Gate(
        objection=lambda _version: "It was not tried on past orders yet.",
        way_out=lambda version: f"/try/{version.pk}/",
    )
    gates.register_gate("test", gate)

    text = text_of(ops.get(page_of(draft, "publish")))
    assert "It was not tried on past orders yet." in text
    assert f'<a href="/try/{draft.pk}/">Do it now</a>' in text
    assert "Publish now" not in text
    answer = ops.post(
        page_of(draft, "publish"), {"content_hash": draft.content_hash, "reason": "Now"}
    )

    gates.unregister_gate("test")
    assert answer.context["form"].non_field_errors() == ["It was not tried on past orders yet."]
    draft.refresh_from_db()
    assert draft.state == RuleState.DRAFT


def test_rooms_above_add_a_button_to_a_versions_pages(ops: Client) -> None:
    draft = drafted("Spring")

    def tool_of(_request: object, version: RuleVersion) -> tools.Tool:
        return tools.Tool("Try it", f"/try/{version.pk}/")

    tools.register_tool(tool_of)
    try:
        text = text_of(ops.get(page_of(draft)))
    finally:
        tools._registered.remove(tool_of)

    assert f'<a href="/try/{draft.pk}/" class="verb">Try it</a>' in text


def test_a_promotion_is_proposed_and_published_by_finance(ops: Client) -> None:
    draft = drafted("Twice", TWICE)
    ops.post(page_of(draft, "publish"), {"content_hash": draft.content_hash, "reason": "Launch"})
    draft.refresh_from_db()
    proposal = Proposal.objects.get()
    assert draft.state == RuleState.DRAFT
    assert proposal.summary == (
        "Publish the promotion «Twice» v1: 200 % of the commission in USD; every merchant; always; "
        "budget 1000.00 USD"
    )
    assert f"proposal {proposal.pk}" in text_of(ops.get(page_of(draft)))

    finance = Client()
    finance.force_login(make_staff("Finance"))
    text = text_of(finance.get(f"/admin/approvals/proposal/{proposal.pk}/change/"))
    for figure in ("1000.00 USD", "8.00 USD", "-4.00 USD", "None: no other rule competes"):
        assert figure in text
    answer = finance.post(
        "/admin/approvals/proposal/do/approve/", {"id": proposal.pk, "reason": "In the budget"}
    )

    assert said(answer)[0][0] == "success"
    draft.refresh_from_db()
    assert draft.state == RuleState.PUBLISHED
    assert [str(draft.published_by), str(draft.approved_by)] == ["ops", "finance"]


def test_withdrawing_and_deleting_ask_why(ops: Client) -> None:
    version, draft = published("Spring"), drafted("Autumn")

    ops.post("/admin/rules/ruleversion/do/withdraw/", {"id": version.pk, "reason": "Over"})
    answer = ops.post("/admin/rules/ruleversion/do/delete/", {"id": draft.pk, "reason": "No"})

    assert answer["Location"] == f"{LIST}{draft.rule_id}/change/"
    version.refresh_from_db()
    assert version.state == RuleState.WITHDRAWN
    assert list(RuleVersion.objects.all()) == [version]
    text = text_of(ops.get(answer["Location"]))
    assert "No version is left" in text
    assert "draft deleted" in text


@pytest.mark.parametrize("role", ["Finance", "Support", "Auditor"])
def test_others_read_rules_and_change_none(client: Client, role: str) -> None:
    draft, version = drafted("Spring"), published("Autumn")
    client.force_login(make_staff(role))

    for address in (LIST, page_of(draft), page_of(version), f"{LIST}{draft.rule_id}/change/"):
        text = text_of(client.get(address))
        # A back-test changes no rule: Finance may have one run
        assert text.count('class="verb"') == text.count('class="verb">Back-test<')
    for address in (NEW, page_of(draft, "edit"), page_of(draft, "publish")):
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403
    assert (
        client.post(
            "/admin/rules/ruleversion/do/withdraw/", {"id": version.pk, "reason": "x"}
        ).status_code
        == 403
    )
