"""Decisions about merchants are append-only; who may make them, and who may look at them.

The permissions are made here as in accounts_sync/migrations/0002_roles.py: on a fresh database none
exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from offers import guards

READ = (
    ("merchantoverlay", "view_merchantoverlay", "Can view merchant overlay"),
    ("overlaychange", "view_overlaychange", "Can view overlay change"),
)
DECIDE = (
    "merchantoverlay",
    "decide_merchantoverlay",
    "Can decide how members see a merchant",
)
ROLES = {"Ops": (*READ, DECIDE), "Finance": READ, "Support": READ, "Auditor": READ}


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install_overlay(schema_editor)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.remove_overlay(schema_editor)


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role, granted in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        for model, codename, name in granted:
            content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
                app_label="offers", model=model
            )
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": name}
            )
            group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    permissions = apps.get_model("auth", "Permission").objects
    for _model, codename, _name in (*READ, DECIDE):
        permissions.filter(content_type__app_label="offers", codename=codename).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0004_overlay"),
        ("accounts_sync", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunPython(install, remove),
        migrations.RunPython(grant, take_back),
    ]
