"""What was proposed stays as it was proposed, and no proposal is ever deleted."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

TABLE = "approvals_proposal"
FIXED = ("id", "kind", "subject", "payload", "summary", "reason", "proposed_by_id", "proposed_at")


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(schema_editor, TABLE, columns=FIXED)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, TABLE)


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
