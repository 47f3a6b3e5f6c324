"""Who exported what, and what came of it, is never changed and never deleted."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

TABLES = {"reports_reportrun": [], "reports_reportresult": ["old.run_id = NEW.run_id"]}


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table, keys in TABLES.items():
        guards.append_only(schema_editor, table, keys=keys)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table in TABLES:
        guards.anything_goes(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
