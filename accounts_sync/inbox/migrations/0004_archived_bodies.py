"""Bodies of settled events may move into a recorded file, and nowhere else."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from accounts_sync.inbox import guards


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.remove(schema_editor)
    guards.install_with_archives(schema_editor)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Refuses while a body is archived: the older schema could not say where it is."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM inbox_bodyarchive")
        [(count,)] = cursor.fetchall()
    if count:
        raise RuntimeError(f"{count} archives of bodies are recorded: this cannot be undone.")
    guards.remove_with_archives(schema_editor)


def reinstall(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Backwards this runs last: SQLite has rebuilt the table by then."""
    guards.remove(schema_editor)
    guards.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("inbox", "0003_deferred_decisions")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, reinstall),
        migrations.CreateModel(
            name="BodyArchive",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(unique=True)),
                ("name", models.CharField(max_length=100, unique=True)),
                ("sha256", models.CharField(max_length=64)),
                ("file_bytes", models.PositiveBigIntegerField()),
                ("event_count", models.PositiveIntegerField()),
                ("body_bytes", models.PositiveBigIntegerField()),
                ("first_event_id", models.PositiveBigIntegerField()),
                ("last_event_id", models.PositiveBigIntegerField()),
                ("received_first", models.DateTimeField()),
                ("received_last", models.DateTimeField()),
                ("archived_at", models.DateTimeField()),
                ("emptied_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("received_first__lte", models.F("received_last")),
                            ("received_last__lt", models.F("archived_at")),
                        ),
                        name="bodyarchive_is_of_the_past",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("event_count__gt", 0),
                            ("first_event_id__lte", models.F("last_event_id")),
                        ),
                        name="bodyarchive_holds_something",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="webhookevent",
            name="archived_in",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="inbox.bodyarchive",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("archived_in", None),
                    models.Q(("body", b""), ("status__in", ("processed", "ignored"))),
                    _connector="OR",
                ),
                name="webhookevent_archived_is_settled",
            ),
        ),
        migrations.RunPython(install, remove),
    ]
