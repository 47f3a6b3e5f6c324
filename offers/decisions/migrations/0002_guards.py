"""Decisions stay as they were written until they are old, and every role may look them up.

The permissions are made here: on a fresh database none exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from offers.decisions import guards

LOOKED_UP_BY = ("Ops", "Finance", "Support", "Auditor")
INNER_FOR = ("Ops", "Auditor")


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)
    grant(apps, "ratedecision", "rate decision", LOOKED_UP_BY)
    grant(apps, "shownpayload", "shown payload", INNER_FOR)


def grant(apps: Apps, model: str, words: str, roles: tuple[str, ...]) -> None:
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="rate_decisions", model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename=f"view_{model}",
        defaults={"name": f"Can view {words}"},
    )
    for role in roles:
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(permission)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="rate_decisions", codename__startswith="view_"
    ).delete()
    guards.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("rate_decisions", "0001_initial"), ("accounts_sync", "0006_seen_rows")]
    operations = [migrations.RunPython(install, remove)]
