"""Entries and groups are append-only, and each group balances."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from transactions.ledger import guards

TABLES = {
    "ledger_entry": [
        "old.account_id = NEW.account_id AND old.number = NEW.number AND NEW.number > 0",
        "old.group_id = NEW.group_id AND old.account_id = NEW.account_id",
    ],
    "ledger_entrygroup": ["old.cause = NEW.cause"],
}


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table, keys in TABLES.items():
        guards.append_only(schema_editor, table, keys=keys)
    guards.append_only(
        schema_editor,
        "ledger_account",
        columns=["id", "kind", "currency", "member_id", "merchant_id"],
    )
    guards.balanced_groups(schema_editor)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.unbalanced_groups(schema_editor)
    for table in (*TABLES, "ledger_account"):
        guards.anything_goes(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
