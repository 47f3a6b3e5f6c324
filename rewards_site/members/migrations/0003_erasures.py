"""Who was forgotten, and by what they are known again. Both append-only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards

CHANGE = "members_customeridchange"


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(
        schema_editor,
        "members_erasure",
        columns=["id", "member_id", "erased_by", "actor_id", "begun_at"],
    )
    guards.append_only(
        schema_editor,
        "members_erasedname",
        keys=["old.text = NEW.text", "old.key_id = NEW.key_id AND old.hash = NEW.hash"],
    )
    model = apps.get_model("members", "CustomerIdChange")
    columns = [field.column for field in model._meta.concrete_fields if field.name != "reason"]
    guards.anything_goes(schema_editor, CHANGE)
    guards.append_only(schema_editor, CHANGE, columns=columns, keys=["old.id = NEW.id"])
    guards.erasable(schema_editor, CHANGE, ["reason"])


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table in ("members_erasure", "members_erasedname", CHANGE):
        guards.anything_goes(schema_editor, table)
    guards.append_only(schema_editor, CHANGE)


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0002_customer_id_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("erased_by", models.CharField(max_length=150)),
                ("begun_at", models.DateTimeField()),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("files", models.JSONField(blank=True, default=list)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasures",
                        to="members.member",
                    ),
                ),
                (
                    "under_way",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.erasure",
                    ),
                ),
            ],
            options={"ordering": ("-pk",)},
        ),
        migrations.CreateModel(
            name="ErasedName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key_id", models.CharField(max_length=8)),
                ("hash", models.CharField(max_length=64)),
                ("text", models.CharField(max_length=255, unique=True)),
                (
                    "erasure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="names",
                        to="members.erasure",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key_id", "hash"), name="erasedname_hashed_once"
                    )
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
