"""Auditors see who has one-time codes, and never a secret. Resetting them is for superusers."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="otp_totp", model="totpdevice"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename="view_totpdevice",
        defaults={"name": "Can view TOTP device"},
    )
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Auditor")
    group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="otp_totp", codename="view_totpdevice"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts_sync", "0005_roles_grow"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("otp_static", "0003_add_timestamps"),
        ("otp_totp", "0003_add_timestamps"),
    ]

    operations = [migrations.RunPython(grant, take_back)]
