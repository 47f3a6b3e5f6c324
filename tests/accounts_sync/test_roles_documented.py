"""The table of docs/ops.md is what the migrations grant: no word more, no permission less."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accounts_sync.roles import (
    INNER,
    KEYS,
    LOOKED_UP,
    STAFF,
    WORKED_WITH,
    granted,
    view_of,
)

OPS = Path(__file__).resolve().parents[2] / "docs" / "ops.md"
ROLES = ["Ops", "Finance", "Support", "Auditor"]


def views(labels: set[str]) -> set[str]:
    return {view_of(label) for label in labels}


MEANS = {
    "Read members, orders": views(LOOKED_UP),
    "Read webhooks, syncs": views(WORKED_WITH - LOOKED_UP),
    "Read what the product counts about itself": views(INNER),
    "Read which API keys there are": views(KEYS),
    "Read who is staff": views(STAFF),
    "Name the member of an order, move an order": {
        "transactions.attribute_transaction",
        "transactions.move_transaction",
    },
    "Try again": {"inbox.replay_webhookevent", "accounts_sync.replay_deferredrow"},
    "Accept the change": {"inbox.decide_deferred"},
    "Look at the rate audit by brand": {
        "clicks.view_click",
        "transactions.view_buttonaccount",
    },
    "Set the share mode": {"transactions.change_buttonaccount"},
    "Have an account, or the catalogue, read now": {
        "accounts_sync.pull_watermark",
        "offers.start_catalogrun",
    },
    "Decide how members see a merchant": {"offers.decide_merchantoverlay"},
    "Give a member another customer id, merge": {"members.rename_member", "members.merge_member"},
    "Draft, publish and withdraw reward rules": {
        "rules.draft_rewardrule",
        "rules.publish_rewardrule",
    },
    "Have a draft of a reward rule back-tested": {"backtests.ask_backtest"},
    "Edit and translate the texts of notices": {"notifications.edit_noticetext"},
    "Approve a promotion": {"rules.approve_promotion"},
    "Approve and reject redemptions": {"redemptions.approve_redemption"},
    "Set the limits of redemptions": {"redemptions.set_redemptionlimits"},
    "Say that a redemption was paid, or failed": {
        "redemptions.pay_redemption",
        "redemptions.reveal_destination",
    },
    "Freeze members and orders": {"freezes.freeze"},
    "Set when final rewards become available": {
        "releases.change_release",
        "transactions.release_transaction",
    },
    "Record that a brand has paid": {"releases.record_brandpayment"},
    "Set when idle balances expire": {"expiry.set_expiry_policy"},
    "Make and revoke API keys": {"api_keys.make_apikey", "api_keys.revoke_apikey"},
    "Make, change and stop outward subscriptions": {
        "outward.manage_subscription",
        "outward.replay_delivery",
    },
    "Export reports, with customer ids too": {"reports.export_report", "members.view_member"},
    "Collect payout batches, export and send them": {
        "payouts.collect_payoutbatch",
        "payouts.export_payoutbatch",
        "payouts.record_payoutbatch",
        "payouts.send_payoutbatch",
    },
    "File a claim for a member": {"claims.open_claim"},
    "Answer claims, ask the brand; propose goodwill": {
        "claims.answer_claim",
        "adjustments.propose_adjustment",
    },
    "Approve goodwill and other changes of a balance": {"adjustments.approve_adjustment"},
    "Set how much may be given in a month": {"adjustments.set_adjustmentbudget"},
    "Decide what another person proposed": {"approvals.decide_proposal"},
}
"""How a row begins → the permissions that it stands for."""


def table() -> dict[str, dict[str, str]]:
    """Row → role → `yes` or `–`."""
    section = OPS.read_text().partition("## Who may do what")[2]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    heading, _rule, *told = [[cell.strip() for cell in line] for line in lines]
    assert heading == ["", *ROLES]
    return {row[0]: dict(zip(ROLES, row[1:], strict=True)) for row in told}


def meant(row: str) -> set[str]:
    (permissions,) = (means for words, means in MEANS.items() if row.startswith(words))
    return permissions


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_its_column_says_and_nothing_else(role: str) -> None:
    has = granted(role)

    told = {row: cells[role] for row, cells in table().items()}
    assert told == {row: "yes" if meant(row) <= has else "–" for row in told}
    assert set().union(*(meant(row) for row, cell in told.items() if cell == "yes")) == has
    assert len(told) == len(MEANS)
