"""Final rewards that are held back: on the order, and on each of its revisions."""

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.state import StateApps

from transactions.ledger import guards

ORDER = "transactions_transaction"
REVISION = "transactions_transactionrevision"


def install_again(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite rebuilds the tables, and loses their triggers by that."""
    for table in (ORDER, REVISION):
        guards.anything_goes(schema_editor, table)
    guards.append_only(
        schema_editor, ORDER, columns=["id", "public_id", "account_id", "first_seen_at"]
    )
    guards.append_only(
        schema_editor,
        REVISION,
        keys=[
            "old.transaction_id = NEW.transaction_id AND old.number = NEW.number",
            "old.entry_group_id = NEW.entry_group_id",
        ],
    )


def keep(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Without these columns the books could not be derived again."""
    if apps.get_model("transactions", "TransactionRevision").objects.filter(
        models.Q(is_held=True) | models.Q(kind="released")
    ):
        raise IrreversibleError("There are rewards that were held back: this step would lose that.")


class Migration(migrations.Migration):
    dependencies = [
        ("clicks", "0003_erasable_links"),
        ("ledger", "0008_money_out"),
        ("members", "0002_customer_id_changes"),
        ("offers", "0005_overlay_roles"),
        ("transactions", "0007_reward_currency"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, install_again),
        migrations.AlterModelOptions(
            name="transaction",
            options={
                "permissions": [
                    ("attribute_transaction", "Can name the member of a transaction"),
                    ("move_transaction", "Can move a transaction to another member"),
                    ("release_transaction", "Can release a reward that is held back"),
                ]
            },
        ),
        migrations.RemoveConstraint(
            model_name="transactionrevision",
            name="revision_by_button_or_by_staff",
        ),
        migrations.AddField(
            model_name="transaction",
            name="is_held",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="transaction",
            name="released_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="transactionrevision",
            name="is_held",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="transactionchild",
            name="source",
            field=models.CharField(
                choices=[
                    ("webhook", "webhook"),
                    ("sync", "sync"),
                    ("staff", "staff"),
                    ("schedule", "schedule: what was held back became due"),
                ],
                max_length=16,
            ),
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
                    ("released", "its final reward became available, which had been held back"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="transactionrevision",
            name="source",
            field=models.CharField(
                choices=[
                    ("webhook", "webhook"),
                    ("sync", "sync"),
                    ("staff", "staff"),
                    ("schedule", "schedule: what was held back became due"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("is_held", True)),
                fields=["merchant", "final_at"],
                name="transaction_held",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_held", False),
                    models.Q(
                        ("is_test", False), ("released_at__isnull", True), ("status", "validated")
                    ),
                    _connector="OR",
                ),
                name="transaction_only_a_final_reward_is_held",
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
                    models.Q(("kind", "released"), ("observation__isnull", True)),
                    _connector="OR",
                ),
                name="revision_by_button_or_by_staff",
            ),
        ),
        migrations.AddConstraint(
            model_name="transactionrevision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_held", False),
                    models.Q(("is_test", False), ("status", "validated")),
                    _connector="OR",
                ),
                name="revision_held_only_when_validated",
            ),
        ),
        migrations.RunPython(install_again, keep),
    ]
