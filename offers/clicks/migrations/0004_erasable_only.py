"""Link and page of a click can be emptied while a person is forgotten, and at no other time."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from offers.clicks import guards


def on(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.remove(schema_editor)
    guards.install_erasable(schema_editor)


def off(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.remove(schema_editor)
    guards.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("clicks", "0003_erasable_links"), ("members", "0003_erasures")]
    operations = [migrations.RunPython(on, off)]
