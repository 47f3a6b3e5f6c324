"""Rows of the API that an order stands by already, and who may look at them.

The permission is made here as in 0002_roles: on a fresh database none exists while migrations run.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ROLES = ("Ops", "Auditor")


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="accounts_sync", model="seenrow"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename="view_seenrow",
        defaults={"name": "Can view row known already"},
    )
    for role in ROLES:
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="accounts_sync", codename="view_seenrow"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts_sync", "0005_roles_grow"),
        ("transactions", "0005_one_index_of_the_member"),
    ]

    operations = [
        migrations.CreateModel(
            name="SeenRow",
            fields=[
                ("tx_id", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("revision", models.PositiveIntegerField()),
                ("mark", models.CharField(max_length=128)),
                (
                    "transaction",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="transactions.transaction",
                    ),
                ),
            ],
            options={
                "verbose_name": "row known already",
                "verbose_name_plural": "rows known already",
            },
        ),
        migrations.RunPython(grant, take_back),
    ]
