"""Payouts keep what they were; Finance works with them, Ops and Auditor read.

The permissions are made here: on a fresh database none exists while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from transactions.payouts import guards

READERS = ("Ops", "Finance", "Auditor")
GRANTED = (
    ("payoutbatch", "view_payoutbatch", "Can view payout batch", READERS),
    ("payoutitem", "view_payoutitem", "Can view payout item", READERS),
    ("batchstep", "view_batchstep", "Can view step of a payout batch", READERS),
    ("provideranswer", "view_provideranswer", "Can view provider's answer", READERS),
    (
        "payoutbatch",
        "collect_payoutbatch",
        "Can make, change, close and cancel payout batches",
        ("Finance",),
    ),
    ("payoutbatch", "send_payoutbatch", "Can have payout batches sent", ("Finance",)),
    (
        "payoutbatch",
        "export_payoutbatch",
        "Can take the file of a payout batch, destinations in clear",
        ("Finance",),
    ),
    ("payoutbatch", "record_payoutbatch", "Can say what became of payout batches", ("Finance",)),
)


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)
    for model, codename, name, roles in GRANTED:
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="payouts", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="payouts", codename__in=[codename for _, codename, *_ in GRANTED]
    ).delete()
    guards.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0001_initial"),
        ("accounts_sync", "0006_seen_rows"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(install, remove)]
