"""What a proposal says of a person may be overwritten when that person is forgotten."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards

TABLE = "approvals_proposal"
FIXED = ("id", "kind", "subject", "proposed_by_id", "proposed_at")
ERASABLE = ("payload", "summary", "reason")


def on(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, TABLE)
    guards.append_only(schema_editor, TABLE, columns=FIXED)
    guards.erasable(schema_editor, TABLE, ERASABLE)


def off(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, TABLE)
    guards.append_only(
        schema_editor,
        TABLE,
        columns=(
            *("id", "kind", "subject", "payload", "summary", "reason"),
            *("proposed_by_id", "proposed_at"),
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_guards"), ("members", "0003_erasures")]
    operations = [migrations.RunPython(on, off)]
