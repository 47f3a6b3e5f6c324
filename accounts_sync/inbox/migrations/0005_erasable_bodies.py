"""Bodies, their digests and what stands in archives may be overwritten when a person is forgotten."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from accounts_sync.inbox import guards


def on(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install_with_erasures(schema_editor, apps.get_model("inbox", "DeferredDecision"))


def off(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.remove_with_erasures(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("inbox", "0004_archived_bodies"), ("members", "0003_erasures")]
    operations = [migrations.RunPython(on, off)]
