"""Who may look at erasures.

The permissions are made here: on a fresh database none exists while migrations run.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

ROLES = {"erasure": ("Ops", "Finance", "Auditor"), "erasedname": ("Ops", "Auditor")}
NAMES = {"erasure": "Can view erasure", "erasedname": "Can view erased name"}


def grant(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for model, roles in ROLES.items():
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="members", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type,
            codename=f"view_{model}",
            defaults={"name": NAMES[model]},
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def take_back(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="members", codename__in=[f"view_{model}" for model in ROLES]
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("members", "0003_erasures"), ("accounts_sync", "0006_seen_rows")]
    operations = [migrations.RunPython(grant, take_back)]
