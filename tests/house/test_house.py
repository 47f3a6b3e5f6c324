"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.db.models.deletion import PROTECT

from rewards_site.kernel.admin.base import ReadOnlyAdmin

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("rewards_site", "offers", "transactions", "accounts_sync")
LINES_MAX = 300
FUNCTION_LINES_MAX = 70
OURS = [model for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES]


def sources() -> list[Path]:
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def test_the_top_level_tells_the_story() -> None:
    listed = subprocess.run(
        ["git", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    packages = {line.split("/")[0] for line in listed if line.endswith(".py") and "/" in line}

    assert packages == {*PACKAGES, "tests"}


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_reason_to_change(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LINES_MAX, "split it by reason to change"
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, node.name


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_nothing_that_money_hangs_on_goes_with_something_else(model: type[models.Model]) -> None:
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey):
            assert field.remote_field.on_delete is PROTECT, field.name


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_table_has_a_page_in_the_admin_that_cannot_change_it(
    model: type[models.Model],
) -> None:
    assert isinstance(admin.site._registry.get(model), ReadOnlyAdmin), model


ERASABLE = (
    *("transactions_transactionrevision", "inbox_webhookevent", "inbox_deferreddecision"),
    *("inbox_bodyarchive", "approvals_proposal", "opening_openingline", "opening_openingclosing"),
    *("members_customeridchange", "clicks_click", "freezes_freeze", "claims_claimstep"),
    "adjustments_adjustment",
)
"""Tables with columns that erase_member alone may overwrite."""


@pytest.mark.django_db
def test_the_triggers_stand_after_all_migrations() -> None:
    """SQLite rebuilds a table on most changes of a column, and drops its triggers silently."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {name for (name,) in cursor.fetchall()}

    tables = (
        "ledger_entry",
        "ledger_entrygroup",
        "ledger_account",
        "transactions_transactionrevision",
        "transactions_transaction",
        "transactions_transactionchild",
        "inbox_webhookevent",
        "inbox_bodyarchive",
        "inbox_deferreddecision",
        "offers_merchantrevision",
        "rules_rewardrule",
        "rules_ruleversion",
        "rules_rulechange",
        "approvals_proposal",
        "activity_memberactivity",
        "api_keys_apikey",
        "outward_subscription",
        "reports_reportrun",
        "reports_reportresult",
        "members_customeridchange",
        "members_erasedname",
        "members_erasure",
        "opening_openingimport",
        "opening_openingline",
        "opening_openingclosing",
        "merging_mergedbalance",
        "clicks_click",
        *("claims_claim", "claims_claimstep"),
        *("freezes_freeze", "expiry_expiry", "expiry_expirypolicychange"),
        *("releases_releasepolicychange", "releases_brandpayment"),
        "releases_paymentwithdrawal",
        *("adjustments_adjustment", "adjustments_budgetchange"),
        "notifications_notice",
        "notifications_noticetext",
        "payouts_payoutbatch",
        "payouts_payoutitem",
        "payouts_batchstep",
        "payouts_provideranswer",
    )
    assert {f"{table}_{verb}" for table in tables for verb in ("no_update", "no_delete")} <= found
    kept_a_while = (
        *("rate_decisions_shownpayload", "rate_decisions_ratedecision"),
        *("outward_delivery", "outward_deliveryattempt"),
    )
    assert {f"{table}_no_update" for table in kept_a_while} <= found
    assert {f"{table}_only_erasing" for table in ERASABLE} <= found
    assert "transactions_transactionrevision_only_keys" in found
    assert "ledger_entrygroup_balanced" in found
    assert {"ledger_entrygroup_after_settled", "ledger_horizon_grows"} <= found


def test_lock_files_carry_hashes_and_no_address() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|file:|--index|--find-links", text), path.name


def test_the_product_reads_nothing_outside_its_own_folder() -> None:
    for path in (*sources(), *(ROOT / "tests").rglob("*.py")):
        assert "../shared" not in path.read_text() or path == Path(__file__).resolve()
