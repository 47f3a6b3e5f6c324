"""Clicks are append-only, and every role may look them up.

The permission is made here: on a fresh database none exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from offers.clicks import guards

ROLES = ("Ops", "Finance", "Support", "Auditor")


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="clicks", model="click"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename="view_click", defaults={"name": "Can view click"}
    )
    for role in ROLES:
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(permission)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="clicks", codename="view_click"
    ).delete()
    guards.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("clicks", "0001_initial"), ("accounts_sync", "0006_seen_rows")]
    operations = [migrations.RunPython(install, remove)]
