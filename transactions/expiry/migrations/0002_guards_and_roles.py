"""What expired, and what was set, stays on record; who sets it, and who reads."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

EXPIRY = "expiry_expiry"
COLUMNS = ["id", "member_id", "currency", "idle_since", "policy_at", "warned_at", "expires_at"]
CHANGES = "expiry_expirypolicychange"
ALL = ("Ops", "Finance", "Support", "Auditor")
GRANTED = {
    ("expiry", "view_expiry", "Can view expiry"): ALL,
    ("expirypolicy", "view_expirypolicy", "Can view expiry policy"): ALL,
    ("expirypolicychange", "view_expirypolicychange", "Can view change of an expiry policy"): ALL,
    ("expirypolicy", "set_expiry_policy", "Can set when idle balances expire"): ("Ops", "Finance"),
}


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(schema_editor, EXPIRY, columns=COLUMNS)
    guards.append_only(schema_editor, CHANGES)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, EXPIRY)
    guards.anything_goes(schema_editor, CHANGES)


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for (model, codename, name), roles in GRANTED.items():
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="expiry", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="expiry", codename__in=[codename for _, codename, _ in GRANTED]
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("expiry", "0001_initial"),
        ("accounts_sync", "0005_roles_grow"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(install, remove),
        migrations.RunPython(grant, take_back),
    ]
