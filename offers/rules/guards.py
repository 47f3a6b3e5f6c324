"""Triggers that keep what was published, and who did what, on both databases."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

RULES = "rules_rewardrule"
CHANGES = "rules_rulechange"
VERSIONS = "rules_ruleversion"
WITHDRAWN_BY = ("state", "withdrawn_at", "withdrawn_by_id")
"""What of a published version is written once, when it is withdrawn."""
PUBLISHED = (
    *("id", "rule_id", "number", "kind", "share_bps", "fixed_minor", "points", "currency"),
    *("cap_minor", "minimum_order_minor", "minimum_currency", "is_promotion", "budget_minor"),
    *("budget_currency", "priority", "merchant_id", "category", "zone", "starts_local"),
    *("ends_local", "starts_at", "ends_at", "note", "content_hash", "drafted_at", "drafted_by_id"),
    *("published_at", "published_by_id", "approved_by_id"),
)
"""All the others (a test compares): they stay as they were published."""


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds one of the tables."""
    guards.append_only(
        editor,
        RULES,
        keys=("old.public_id = NEW.public_id", "lower(old.name) = lower(NEW.name)"),
    )
    guards.append_only(
        editor, CHANGES, keys=("old.rule_id = NEW.rule_id AND old.number = NEW.number",)
    )
    if editor.connection.vendor == "postgresql":
        editor.execute(_PG_KEEP, params=None)
        for event in ("UPDATE", "DELETE"):
            editor.execute(
                f"CREATE TRIGGER {VERSIONS}_no_{event.lower()} BEFORE {event} ON {VERSIONS} "
                "FOR EACH ROW EXECUTE FUNCTION rewards_rule_stays()",
                params=None,
            )
        editor.execute(
            f"CREATE TRIGGER {VERSIONS}_no_truncate BEFORE TRUNCATE ON {VERSIONS} "
            "FOR EACH STATEMENT EXECUTE FUNCTION rewards_refuse_change()",
            params=None,
        )
        return
    for name, event in _sqlite_events().items():
        editor.execute(
            f"CREATE TRIGGER {VERSIONS}_{name} {event} "
            "BEGIN SELECT RAISE(ABORT, 'a published version of a rule stays as it is'); END",
            params=None,
        )


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    for table in (RULES, CHANGES, VERSIONS):
        guards.anything_goes(editor, table)


def _sqlite_events() -> dict[str, str]:
    kept = " AND ".join(f"old.{column} IS NEW.{column}" for column in PUBLISHED)
    is_withdrawal = f"(old.state = 'published' AND NEW.state = 'withdrawn' AND {kept})"
    is_of_draft = (
        "(old.state = 'draft' AND NEW.state <> 'withdrawn' AND old.id = NEW.id "
        "AND old.rule_id = NEW.rule_id AND old.number = NEW.number)"
    )
    clashes = (
        "old.id = NEW.id OR (old.rule_id = NEW.rule_id AND (old.number = NEW.number "
        "OR (old.state = 'published' AND NEW.state = 'published')))"
    )
    return {
        "no_update": f"BEFORE UPDATE ON {VERSIONS} WHEN NOT {is_withdrawal} AND NOT {is_of_draft}",
        "no_delete": f"BEFORE DELETE ON {VERSIONS} WHEN old.state <> 'draft'",
        # INSERT OR REPLACE deletes by every unique key, without asking the trigger for DELETE.
        "no_replace": f"BEFORE INSERT ON {VERSIONS} WHEN EXISTS (SELECT 1 FROM {VERSIONS} old "  # noqa: S608  # our own names
        f"WHERE old.state <> 'draft' AND ({clashes}))",
    }


_PG_KEEP = """
CREATE OR REPLACE FUNCTION rewards_rule_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state', 'withdrawn_at', 'withdrawn_by_id'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'draft' THEN
            RETURN OLD;
        END IF;
    ELSIF OLD.state = 'draft' THEN
        IF NEW.state <> 'withdrawn' AND NEW.id = OLD.id AND NEW.rule_id = OLD.rule_id
           AND NEW.number = OLD.number THEN
            RETURN NEW;
        END IF;
    ELSIF OLD.state = 'published' AND NEW.state = 'withdrawn'
          AND to_jsonb(NEW) - free = to_jsonb(OLD) - free THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published version of a rule stays as it is'
        USING ERRCODE = 'restrict_violation';
END $$
"""
