"""The database itself refuses a file that was imported before, under whatever name."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards

TABLE = "opening_openingimport"
COLUMNS = ["id", "name", "file_name", "digest", "imported_by", "started_at", "line_count"]


def take_off(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite rebuilds the table, and loses its triggers by that."""
    guards.anything_goes(schema_editor, TABLE)


def install_as_before(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(schema_editor, TABLE, columns=COLUMNS, keys=["old.name = NEW.name"])


def install_again(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(
        schema_editor,
        TABLE,
        columns=COLUMNS,
        keys=["old.name = NEW.name", "old.digest = NEW.digest"],
    )


class Migration(migrations.Migration):
    dependencies = [("opening", "0001_initial")]

    operations = [
        migrations.RunPython(take_off, install_as_before),
        migrations.AddConstraint(
            model_name="openingimport",
            constraint=models.UniqueConstraint(
                fields=("digest",), name="openingimport_digest_once"
            ),
        ),
        migrations.RunPython(install_again, take_off),
    ]
