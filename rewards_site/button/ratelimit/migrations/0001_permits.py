"""The permits of the Offers API, and who may look at them.

The permission is made here as in accounts_sync's 0006: on a fresh database none exists while
migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ROLES = ("Ops", "Auditor")


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="ratelimit", model="permit"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename="view_permit",
        defaults={"name": "Can view request permit"},
    )
    for role in ROLES:
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="ratelimit", codename="view_permit"
    ).delete()


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts_sync", "0006_seen_rows"),  # the roles: undone and made again with them
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Permit",
            fields=[
                ("slot", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("free_at", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "request permit"},
        ),
        migrations.RunPython(grant, take_back),
    ]
