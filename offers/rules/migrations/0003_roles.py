"""Who reads, drafts, publishes and approves reward rules.

Made here as in accounts_sync/migrations/0002_roles.py: on a fresh database no permission exists yet
while migrations run.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

READ = (
    ("rewardrule", "view_rewardrule", "Can view reward rule"),
    ("ruleversion", "view_ruleversion", "Can view version of a reward rule"),
    ("rulechange", "view_rulechange", "Can view change of a reward rule"),
)
APPROVE = ("rewardrule", "approve_promotion", "Can approve promotions")
ROLES = {
    "Ops": (
        *READ,
        ("rewardrule", "draft_rewardrule", "Can draft reward rules"),
        ("rewardrule", "publish_rewardrule", "Can publish and withdraw reward rules"),
        APPROVE,
    ),
    "Finance": (*READ, APPROVE),
    "Support": READ,
    "Auditor": READ,
}


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role, granted in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        for model, codename, name in granted:
            content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
                app_label="rules", model=model
            )
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": name}
            )
            group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    permissions = apps.get_model("auth", "Permission").objects
    for granted in ROLES.values():
        for _model, codename, _name in granted:
            permissions.filter(content_type__app_label="rules", codename=codename).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("rules", "0002_guards"),
        ("accounts_sync", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(grant, take_back)]
