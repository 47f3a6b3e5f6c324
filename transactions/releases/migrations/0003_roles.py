"""Who sets when final rewards become available, who records payments of brands, who reads."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ALL = ("Ops", "Finance", "Support", "Auditor")
GRANTED = {
    ("releasepolicy", "view_releasepolicy", "Can view release policy"): ALL,
    ("releasepolicy", "change_release", "Can set when final rewards become available"): (
        "Ops",
        "Finance",
    ),
    ("releasepolicychange", "view_releasepolicychange", "Can view change of a release policy"): ALL,
    ("brandpayment", "view_brandpayment", "Can view payment of a brand"): ALL,
    ("paymentwithdrawal", "view_paymentwithdrawal", "Can view withdrawal of a payment"): ALL,
    ("brandpayment", "record_brandpayment", "Can record that a brand has paid"): ("Finance",),
}
ON_ORDERS = ("transaction", "release_transaction", "Can release a reward that is held back")


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for what, roles in GRANTED.items():
        _grant(apps, "releases", what, roles)
    _grant(apps, "transactions", ON_ORDERS, ("Ops", "Finance"))


def _grant(apps: Apps, label: str, what: tuple[str, str, str], roles: tuple[str, ...]) -> None:
    model, codename, name = what
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=label, model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": name}
    )
    for role in roles:
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    permissions = apps.get_model("auth", "Permission").objects
    for _, codename, _ in GRANTED:
        permissions.filter(content_type__app_label="releases", codename=codename).delete()
    permissions.filter(content_type__app_label="transactions", codename=ON_ORDERS[1]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0002_guards"),
        ("transactions", "0008_held_rewards"),
        ("accounts_sync", "0005_roles_grow"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, take_back)]
