"""Adjustments are append-only; who may look at them, propose, approve, and set budgets.

The permissions are made here: on a fresh database none exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from transactions.adjustments import guards

_ALL = ("Ops", "Finance", "Support", "Auditor")
_WORKING = ("Ops", "Finance", "Auditor")
GRANTS = {
    ("adjustment", "view_adjustment", "Can view adjustment"): _ALL,
    ("adjustment", "propose_adjustment", "Can propose to change a member's balance"): ("Ops",),
    ("adjustment", "approve_adjustment", "Can approve a change of a member's balance"): (
        "Ops",
        "Finance",
    ),
    ("adjustmentbudget", "view_adjustmentbudget", "Can view adjustment budget"): _WORKING,
    ("adjustmentbudget", "set_adjustmentbudget", "Can set how much may be given in a month"): (
        "Finance",
    ),
    ("budgetchange", "view_budgetchange", "Can view budget change"): _WORKING,
}


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)
    for (model, codename, name), roles in GRANTS.items():
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="adjustments", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="adjustments",
        codename__in=[codename for _, codename, _ in GRANTS],
    ).delete()
    guards.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("adjustments", "0001_initial"), ("accounts_sync", "0006_seen_rows")]
    operations = [migrations.RunPython(install, remove)]
