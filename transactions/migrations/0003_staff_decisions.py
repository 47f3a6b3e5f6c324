"""What staff decide about an order: moves, accepted changes, what could not be taken back."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from transactions.ledger import guards

GUARDED = {
    "transactions_transactionrevision": {
        "keys": [
            "old.transaction_id = NEW.transaction_id AND old.number = NEW.number",
            "old.entry_group_id = NEW.entry_group_id",
        ]
    },
    "transactions_transaction": {"columns": ["id", "public_id", "account_id", "first_seen_at"]},
}
"""The tables that SQLite rebuilds here, and so loses the triggers of."""


def install_again(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table, rules in GUARDED.items():
        guards.anything_goes(schema_editor, table)
        guards.append_only(schema_editor, table, **rules)


class Migration(migrations.Migration):
    dependencies = [
        ("transactions", "0002_guards"),
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
                ]
            },
        ),
        migrations.RemoveConstraint(
            model_name="transactionrevision",
            name="revision_by_button_or_by_staff",
        ),
        migrations.AddField(
            model_name="transaction",
            name="unrecovered",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="transactionrevision",
            name="approver",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="approved_revisions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="transactionrevision",
            name="unrecovered",
            field=models.JSONField(default=dict),
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
                ],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("is_test", True)), fields=["-id"], name="transaction_test"
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("category", "app-install")),
                fields=["-id"],
                name="transaction_install",
            ),
        ),
        migrations.AddIndex(
            model_name="transactionrevision",
            index=models.Index(
                condition=models.Q(("missing_from__isnull", False)),
                fields=["-id"],
                name="revision_with_states_missing",
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
                        ("kind__in", ["assigned", "moved"]),
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
        migrations.AddConstraint(
            model_name="transactionrevision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approver__isnull", True),
                    models.Q(
                        ("actor__isnull", False),
                        models.Q(("approver", models.F("actor")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="revision_approved_by_another_person",
            ),
        ),
        migrations.RunPython(install_again, migrations.RunPython.noop),
    ]
