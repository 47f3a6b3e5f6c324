"""Names told, raw rows and reasons of revisions may be overwritten when a person is forgotten."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from transactions import guards


def on(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install_erasable(schema_editor, apps.get_model("transactions", "TransactionRevision"))


def off(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install_as_before(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("transactions", "0008_held_rewards"), ("members", "0003_erasures")]
    operations = [migrations.RunPython(on, off)]
