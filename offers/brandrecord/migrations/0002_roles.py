"""Who may look at what is expected of brands: all roles.

Made here as in accounts_sync/migrations/0002_roles.py: on a fresh database no permission exists yet
while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ROLES = ("Ops", "Finance", "Support", "Auditor")
PERMISSIONS = (
    ("brandrecord", "view_brandrecord", "Can view expected date"),
    ("brandmeasure", "view_brandmeasure", "Can view measurement of a brand"),
)


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    type_model = apps.get_model("contenttypes", "ContentType")
    for model, codename, name in PERMISSIONS:
        content_type, _ = type_model.objects.get_or_create(app_label="brandrecord", model=model)
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        for role in ROLES:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="brandrecord"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("brandrecord", "0001_records"), ("accounts_sync", "0002_roles")]
    operations = [migrations.RunPython(grant, take_back)]
