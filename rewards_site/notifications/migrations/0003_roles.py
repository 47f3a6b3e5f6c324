"""Who may look at notices, and who writes their texts.

The permissions are made here: on a fresh database none exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EVERYBODY = ("Ops", "Finance", "Support", "Auditor")
WORKERS = ("Ops", "Finance", "Auditor")
GRANTED = (
    ("notice", "view_notice", "Can view notice", EVERYBODY),
    ("noticetext", "view_noticetext", "Can view text of notices", EVERYBODY),
    ("noticecount", "view_noticecount", "Can view notice count", WORKERS),
    ("outbox", "view_outbox", "Can view notice to be fanned out", WORKERS),
    ("noticetext", "edit_noticetext", "Can edit and translate the texts of notices", ("Ops",)),
)


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for model, codename, name, roles in GRANTED:
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="notifications", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="notifications",
        codename__in=[codename for _model, codename, _name, _roles in GRANTED],
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_guards"),
        ("accounts_sync", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(grant, take_back)]
