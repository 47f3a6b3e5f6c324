"""Revisions are append-only; transactions and their children are never deleted."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from transactions.ledger import guards

REVISION = "transactions_transactionrevision"


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(
        schema_editor,
        REVISION,
        keys=[
            "old.transaction_id = NEW.transaction_id AND old.number = NEW.number",
            "old.entry_group_id = NEW.entry_group_id",
        ],
    )
    guards.append_only(
        schema_editor,
        "transactions_transaction",
        columns=["id", "public_id", "account_id", "first_seen_at"],
    )
    guards.append_only(
        schema_editor, "transactions_transactionchild", columns=["id", "tx_id", "transaction_id"]
    )


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table in (REVISION, "transactions_transaction", "transactions_transactionchild"):
        guards.anything_goes(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [("transactions", "0001_initial"), ("ledger", "0002_guards")]
    operations = [migrations.RunPython(install, remove)]
