"""What was told in claims stays; who may look at them, file them for members, and answer.

The permissions are made here: on a fresh database none exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from transactions.claims import guards

_ALL = ("Ops", "Finance", "Support", "Auditor")
GRANTS = {
    ("claim", "view_claim", "Can view claim"): _ALL,
    ("claimstep", "view_claimstep", "Can view step of a claim"): _ALL,
    ("claim", "open_claim", "Can file a claim for a member"): ("Ops", "Support"),
    ("claim", "answer_claim", "Can answer claims, ask the brand, and propose goodwill"): ("Ops",),
}


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)
    for (model, codename, name), roles in GRANTS.items():
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="claims", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="claims",
        codename__in=[codename for _, codename, _ in GRANTS],
    ).delete()
    guards.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("claims", "0001_initial"), ("accounts_sync", "0006_seen_rows")]
    operations = [migrations.RunPython(install, remove)]
