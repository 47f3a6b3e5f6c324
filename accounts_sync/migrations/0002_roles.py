"""The roles of staff: groups with the permissions that exist by now.

Permissions are made after all migrations, so on a fresh database there are none yet: those that are
granted here are made here, as Django would make them. On the top floor, after everything it names.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

LOOKED_UP = {
    ("members", "member"): "member",
    ("offers", "merchant"): "merchant",
    ("transactions", "transaction"): "transaction",
    ("transactions", "transactionchild"): "transaction child",
    ("transactions", "transactionrevision"): "transaction revision",
}
"""What Support reads: (app label, model) → the model's name in words."""

WORKED_WITH = LOOKED_UP | {
    ("transactions", "buttonaccount"): "button account",
    ("ledger", "account"): "account",
    ("ledger", "entrygroup"): "entry group",
    ("ledger", "entry"): "entry",
    ("inbox", "webhookevent"): "webhook event",
    ("accounts_sync", "deferredrow"): "deferred row",
    ("accounts_sync", "syncrun"): "sync run",
    ("accounts_sync", "watermark"): "watermark",
    ("accounts_sync", "lease"): "lease",
    ("django_q", "schedule"): "Scheduled task",
    ("django_q", "ormq"): "Queued task",
    ("django_q", "failure"): "Failed task",
    ("django_q", "success"): "Successful task",
}

STAFF = {
    ("auth", "user"): "user",
    ("auth", "group"): "group",
    ("admin", "logentry"): "log entry",
}

VERBS = (
    (
        "transactions",
        "transaction",
        "attribute_transaction",
        "Can name the member of a transaction",
    ),
    ("transactions", "buttonaccount", "change_buttonaccount", "Can change button account"),
    ("inbox", "webhookevent", "replay_webhookevent", "Can try a stored event again"),
    ("accounts_sync", "deferredrow", "replay_deferredrow", "Can try a deferred row again"),
)


def _views(models: dict[tuple[str, str], str]) -> list[tuple[str, str, str, str]]:
    return [
        (app_label, model, f"view_{model}", f"Can view {name}")
        for (app_label, model), name in models.items()
    ]


ROLES = {
    "Ops": [*_views(WORKED_WITH), *VERBS],
    "Finance": _views(WORKED_WITH),
    "Support": _views(LOOKED_UP),
    "Auditor": _views(WORKED_WITH | STAFF),
}


def make_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    group_model = apps.get_model("auth", "Group")
    permission_model = apps.get_model("auth", "Permission")
    type_model = apps.get_model("contenttypes", "ContentType")
    for role, granted in ROLES.items():
        group, _ = group_model.objects.get_or_create(name=role)
        for app_label, model, codename, name in granted:
            content_type, _ = type_model.objects.get_or_create(app_label=app_label, model=model)
            permission, _ = permission_model.objects.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": name}
            )
            group.permissions.add(permission)


def remove_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts_sync", "0001_initial"),
        ("inbox", "0002_guards"),
        ("transactions", "0002_guards"),
        ("ledger", "0002_guards"),
        ("offers", "0001_initial"),
        ("members", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [migrations.RunPython(make_roles, remove_roles)]
