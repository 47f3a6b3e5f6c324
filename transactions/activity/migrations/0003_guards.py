"""Items are append-only."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards

TABLE = "activity_memberactivity"
KEYS = [
    "old.member_id = NEW.member_id AND old.number = NEW.number",
    "old.group_id = NEW.group_id AND old.member_id = NEW.member_id AND old.currency = NEW.currency",
]


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(schema_editor, TABLE, keys=KEYS)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, TABLE)


class Migration(migrations.Migration):
    dependencies = [("activity", "0002_backfill")]
    operations = [migrations.RunPython(install, remove)]
