"""What never changes about subscriptions and deliveries; Ops works with them, Auditor reads.

The permissions are made here: on a fresh database none exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.outward import guards

READ_BY = ("Ops", "Auditor")
GRANTED = (
    ("subscription", "view_subscription", "Can view subscription", READ_BY),
    ("delivery", "view_delivery", "Can view delivery", READ_BY),
    ("deliveryattempt", "view_deliveryattempt", "Can view delivery attempt", READ_BY),
    (
        "subscription",
        "manage_subscription",
        "Can make, change, rotate and stop outward subscriptions",
        ("Ops",),
    ),
    (
        "delivery",
        "replay_delivery",
        "Can have events sent again that were not delivered",
        ("Ops",),
    ),
)


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)
    for model, codename, name, roles in GRANTED:
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="outward", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    codenames = [codename for _model, codename, _name, _roles in GRANTED]
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="outward", codename__in=codenames
    ).delete()
    guards.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("outward", "0001_initial"), ("accounts_sync", "0006_seen_rows")]
    operations = [migrations.RunPython(install, remove)]
