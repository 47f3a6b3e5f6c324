"""The raw side of webhook events is append-only."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from accounts_sync.inbox import guards


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial"), ("ledger", "0002_guards")]
    operations = [migrations.RunPython(install, remove)]
