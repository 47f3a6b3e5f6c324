"""What was asked stays as it was written; who may look at redemptions, approve and pay them.

The permissions are made here: on a fresh database none exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from transactions.redemptions import guards

_ALL = ("Ops", "Finance", "Support", "Auditor")
_WORKED_WITH = ("Ops", "Finance", "Auditor")
GRANTS = {
    ("redemption", "view_redemption", "Can view redemption"): _ALL,
    ("redemptionstep", "view_redemptionstep", "Can view redemption step"): _ALL,
    ("redemptionlimits", "view_redemptionlimits", "Can view redemption limits"): _WORKED_WITH,
    (
        "destinationreveal",
        "view_destinationreveal",
        "Can view reading of a destination",
    ): _WORKED_WITH,
    ("redemptionkey", "view_redemptionkey", "Can view idempotency key"): ("Ops", "Auditor"),
    ("redemption", "approve_redemption", "Can approve and reject redemptions"): ("Ops",),
    (
        "redemption",
        "pay_redemption",
        "Can say that a redemption was paid, or that it failed",
    ): ("Finance",),
    (
        "redemption",
        "reveal_destination",
        "Can read where the money of a redemption goes, in full",
    ): ("Finance",),
    ("redemptionlimits", "set_redemptionlimits", "Can set the limits of redemptions"): ("Finance",),
}


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)
    for (model, codename, name), roles in GRANTS.items():
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="redemptions", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="redemptions",
        codename__in=[codename for _, codename, _ in GRANTS],
    ).delete()
    guards.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("redemptions", "0001_initial"),
        ("members", "0003_erasures"),
        ("accounts_sync", "0006_seen_rows"),
    ]
    operations = [migrations.RunPython(install, remove)]
