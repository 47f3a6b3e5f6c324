"""What was published stays as it is, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from offers.rules import guards
from offers.rules.models import RewardRule, RuleChange, RuleState, RuleVersion
from offers.rules.publishing import withdraw
from rewards_site.kernel.db import atomic
from tests.conftest import CommittedDatabase
from tests.factories import NOON
from tests.offers.rules.making import TWICE, drafted, person, published

STAYS = "stays as it is"


def execute(sql: str, *parameters: Any) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def test_the_guards_know_every_column_of_a_version() -> None:
    columns = {field.column for field in RuleVersion._meta.concrete_fields}

    assert set(guards.PUBLISHED) | set(guards.WITHDRAWN_BY) == columns
    assert not set(guards.PUBLISHED) & set(guards.WITHDRAWN_BY)


@pytest.mark.parametrize("column", guards.PUBLISHED)
def test_no_column_of_a_published_version_changes(db: None, column: str) -> None:
    published()
    before = RuleVersion.objects.values().get()
    kind = next(
        field.get_internal_type()
        for field in RuleVersion._meta.concrete_fields
        if field.column == column
    )
    other = {
        "BooleanField": "TRUE",
        "CharField": "'JPY'",
        "TextField": "'JPY'",
        "DateTimeField": "'2026-01-01 00:00:00+00:00'",
    }.get(kind, "'JPY'" if column == "merchant_id" else "7")

    with pytest.raises(IntegrityError):
        execute(
            f"UPDATE rules_ruleversion SET {column} = {other}, state = 'withdrawn', "
            "withdrawn_at = '2027-01-01 00:00:00+00:00', withdrawn_by_id = drafted_by_id"
        )

    assert RuleVersion.objects.values().get() == before


def test_a_version_is_withdrawn_once_and_never_deleted(db: None) -> None:
    version = published()
    for sql in (
        "UPDATE rules_ruleversion SET priority = 5",
        "UPDATE rules_ruleversion SET state = 'draft', published_at = NULL, published_by_id = NULL",
        "DELETE FROM rules_ruleversion",
    ):
        with pytest.raises(IntegrityError, match=STAYS):
            execute(sql)

    at = NOON + timedelta(hours=1)
    withdraw(version_id=version.pk, actor=person(), reason="Over", at=at)

    for sql in (
        "UPDATE rules_ruleversion SET withdrawn_at = '2027-01-01 00:00:00+00:00'",
        "UPDATE rules_ruleversion SET state = 'published', withdrawn_at = NULL, "
        "withdrawn_by_id = NULL",
        "DELETE FROM rules_ruleversion",
    ):
        with pytest.raises(IntegrityError, match=STAYS):
            execute(sql)
    version.refresh_from_db()
    assert (version.state, version.withdrawn_at) == (RuleState.WITHDRAWN, at)


def test_a_draft_is_not_withdrawn_and_stays_in_its_rule(db: None) -> None:
    drafted("Spring")
    other = drafted("Autumn")

    for said in (
        "state = 'withdrawn', published_at = drafted_at, published_by_id = drafted_by_id, "
        "withdrawn_at = drafted_at, withdrawn_by_id = drafted_by_id",
        f"rule_id = {other.rule_id}",
        "number = 7",
    ):
        with pytest.raises(IntegrityError, match=STAYS):
            execute(f"UPDATE rules_ruleversion SET {said} WHERE rule_id <> {other.rule_id}")


def test_sqlites_replace_does_not_pass(db: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no INSERT OR REPLACE")
    published()
    columns = ", ".join(f'"{column}"' for column in (*guards.PUBLISHED, *guards.WITHDRAWN_BY))
    told = columns.replace('"priority"', "9").replace('"id"', "{}")

    for key in ("id", "NULL"):
        with pytest.raises(IntegrityError, match=STAYS):
            execute(
                f"INSERT OR REPLACE INTO rules_ruleversion ({columns}) "
                f"SELECT {told.format(key)} FROM rules_ruleversion"
            )

    assert RuleVersion.objects.get().priority == 0


def test_rules_and_their_history_are_append_only(db: None) -> None:
    drafted()

    for sql in (
        "UPDATE rules_rewardrule SET name = 'Autumn'",
        "DELETE FROM rules_rewardrule",
        "UPDATE rules_rulechange SET reason = 'Other'",
        "DELETE FROM rules_rulechange",
    ):
        with pytest.raises(IntegrityError, match="append-only"):
            execute(sql)

    assert RewardRule.objects.get().name == "Spring"
    assert RuleChange.objects.get().reason == "For the season"


@pytest.mark.parametrize(
    ("said", "constraint"),
    [
        ("share_bps = 10001", "ruleversion_share_within_reach"),
        ("fixed_minor = 5", "ruleversion_one_worth"),
        ("kind = 'fixed', share_bps = 0, fixed_minor = 5", "ruleversion_one_worth"),
        ("kind = 'points_fixed', share_bps = 0", "ruleversion_one_worth"),
        ("cap_minor = 5", "ruleversion_cap_positive"),
        ("cap_minor = 0, currency = 'USD'", "ruleversion_cap_positive"),
        ("minimum_order_minor = 5", "ruleversion_minimum_positive"),
        ("minimum_currency = 'USD'", "ruleversion_minimum_positive"),
        ("is_promotion = TRUE, currency = 'USD'", "ruleversion_promotion_has_budget"),
        ("is_promotion = TRUE, currency = 'USD', budget_currency = 'USD'",
         "ruleversion_promotion_has_budget"),
        ("budget_minor = 5, budget_currency = 'USD'", "ruleversion_promotion_has_budget"),
        ("category = 'x', kind = 'fixed', share_bps = 0, fixed_minor = 5, currency = 'USD'",
         "ruleversion_category_has_share"),
        ("starts_local = '2026-11-27T00:00:00'", "ruleversion_window_whole"),
        ("starts_at = '2026-11-27 00:00:00+00:00', starts_local = 'x', "
         "ends_at = '2026-11-27 00:00:00+00:00', ends_local = 'x'", "ruleversion_ends_after_start"),
        ("state = 'published'", "ruleversion_state_and_times_agree"),
        ("state = 'published', published_at = drafted_at, published_by_id = drafted_by_id, "
         "approved_by_id = drafted_by_id", "ruleversion_state_and_times_agree"),
        ("published_at = drafted_at", "ruleversion_state_and_times_agree"),
        ("withdrawn_by_id = drafted_by_id", "ruleversion_state_and_times_agree"),
        ("content_hash = ''", "ruleversion_hash_not_empty"),
    ],
)  # fmt: skip
def test_the_database_refuses_what_a_row_can_tell(db: None, said: str, constraint: str) -> None:
    drafted()

    with pytest.raises(IntegrityError, match=constraint):
        execute(f"UPDATE rules_ruleversion SET {said}")


def test_what_is_withdrawn_says_when_and_by_whom(db: None) -> None:
    published()

    for said in ("withdrawn_at = published_at", "withdrawn_by_id = drafted_by_id", "priority = 0"):
        with pytest.raises(IntegrityError, match="ruleversion_state_and_times_agree"):
            execute(f"UPDATE rules_ruleversion SET state = 'withdrawn', {said}")


def test_nobody_approves_their_own_promotion(db: None) -> None:
    drafted("Twice", TWICE)

    with pytest.raises(IntegrityError, match="ruleversion_state_and_times_agree"):
        execute(
            "UPDATE rules_ruleversion SET state = 'published', published_at = drafted_at, "
            "published_by_id = drafted_by_id, approved_by_id = drafted_by_id"
        )


def test_one_draft_and_one_version_in_force_of_a_rule(db: None) -> None:
    draft, version = drafted("Autumn"), published()

    for row in (draft, version):
        row.refresh_from_db()
        row.pk, row.number = None, 2
        with pytest.raises(IntegrityError), atomic():
            row.save(force_insert=True)


@pytest.mark.postgres
@pytest.mark.parametrize("table", [guards.RULES, guards.VERSIONS, guards.CHANGES])
def test_nothing_is_truncated(committed_db: CommittedDatabase, table: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        execute(f"TRUNCATE {table} CASCADE")
