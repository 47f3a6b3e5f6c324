"""Two more things that may happen to a claim, once goodwill was given for it."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from transactions.claims import guards

_KINDS = [
    *("filed", "handed", "brand_said", "goodwill_proposed", "order_came", "goodwill_reviewed"),
    "answered",
]


def take_off(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite builds the table anew, and drops its triggers with the old one."""
    guards.remove(schema_editor)


def install_again(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("claims", "0002_guards_and_roles")]

    operations = [
        migrations.RunPython(take_off, install_again),
        migrations.RemoveConstraint(model_name="claimstep", name="claimstep_kind_known"),
        migrations.AlterField(
            model_name="claimstep",
            name="kind",
            field=models.CharField(
                choices=[
                    ("filed", "filed"),
                    ("handed", "handed to the brand"),
                    ("brand_said", "the brand answered"),
                    ("goodwill_proposed", "a goodwill credit was proposed"),
                    ("order_came", "its order came after goodwill was given"),
                    ("goodwill_reviewed", "somebody looked at goodwill and order"),
                    ("answered", "answered"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddConstraint(
            model_name="claimstep",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=_KINDS),
                name="claimstep_kind_known",
            ),
        ),
        migrations.RunPython(install_again, take_off),
    ]
