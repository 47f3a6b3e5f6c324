"""What was frozen, by whom and why stays on record; who freezes, and who reads."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

TABLE = "freezes_freeze"
COLUMNS = ["id", "member_id", "transaction_id", "frozen_by_id", "frozen_at", "until"]
GRANTED = {
    ("view_freeze", "Can view freeze"): ("Ops", "Finance", "Support", "Auditor"),
    ("freeze", "Can freeze members and orders, and lift it"): ("Ops",),
}


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(schema_editor, TABLE, columns=COLUMNS, keys=["old.id = NEW.id"])
    guards.erasable(schema_editor, TABLE, ["reason"])


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, TABLE)


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="freezes", model="freeze"
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
        content_type__app_label="freezes", codename__in=[codename for codename, _ in GRANTED]
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("freezes", "0001_initial"),
        ("accounts_sync", "0005_roles_grow"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(install, remove),
        migrations.RunPython(grant, take_back),
    ]
