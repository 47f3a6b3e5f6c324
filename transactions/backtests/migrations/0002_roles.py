"""Who may look at back-tests, and have one run.

The permissions are made here: on a fresh database none exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

GRANTED = {
    ("view_backtest", "Can view back-test"): ("Ops", "Finance", "Auditor"),
    ("ask_backtest", "Can back-test reward rules"): ("Ops", "Finance"),
}


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="backtests", model="backtest"
    )
    for (codename, name), roles in GRANTED.items():
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="backtests", codename__in=[codename for codename, _ in GRANTED]
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("backtests", "0001_initial"),
        ("accounts_sync", "0005_roles_grow"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, take_back)]
