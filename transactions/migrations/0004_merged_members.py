"""An order whose member was merged with another says so in a revision."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from transactions.ledger import guards

REVISION = "transactions_transactionrevision"


def take_off(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, REVISION)


def install_again(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(
        schema_editor,
        REVISION,
        keys=[
            "old.transaction_id = NEW.transaction_id AND old.number = NEW.number",
            "old.entry_group_id = NEW.entry_group_id",
        ],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0006_opening_and_merge_kinds"),
        ("members", "0002_customer_id_changes"),
        ("transactions", "0003_staff_decisions"),
    ]

    operations = [
        migrations.RunPython(take_off, install_again),
        migrations.RemoveConstraint(
            model_name="transactionrevision",
            name="revision_by_button_or_by_staff",
        ),
        migrations.AlterField(
            model_name="transactionrevision",
            name="kind",
            field=models.CharField(
                choices=[
                    ("told", "Button told something"),
                    ("assigned", "staff named the member"),
                    ("moved", "staff moved it to another member"),
                    ("accepted", "Button told a change, and staff accepted it"),
                    ("kept", "Button told a change, and staff kept ours"),
                    ("merged", "staff merged its member with another"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="transactionrevision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("actor__isnull", True), ("kind", "told"), ("observation__isnull", False)
                    ),
                    models.Q(
                        ("actor__isnull", False),
                        ("kind__in", ["assigned", "moved", "merged"]),
                        ("observation__isnull", True),
                    ),
                    models.Q(
                        ("actor__isnull", False),
                        ("kind__in", ["accepted", "kept"]),
                        ("observation__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="revision_by_button_or_by_staff",
            ),
        ),
        migrations.RunPython(install_again, take_off),
    ]
