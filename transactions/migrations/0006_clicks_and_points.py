"""The click and the promotion of an order, and what its reward is in: its currency, or points."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.state import StateApps

from transactions.ledger import guards

TABLE = "transactions_transaction"


def install_again(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite rebuilds the table, and loses its triggers by that."""
    guards.anything_goes(schema_editor, TABLE)
    guards.append_only(
        schema_editor, TABLE, columns=["id", "public_id", "account_id", "first_seen_at"]
    )


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now every reward was in the currency of its commission."""
    orders = apps.get_model("transactions", "Transaction")
    orders.objects.update(reward_currency=models.F("currency"))


def keep(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Without these columns points would be taken for money, and clicks be forgotten."""
    orders = apps.get_model("transactions", "Transaction")
    in_points = orders.objects.exclude(reward_currency=models.F("currency"))
    if in_points.exists() or orders.objects.filter(click__isnull=False).exists():
        raise IrreversibleError(
            "There are orders that came by a click, or are rewarded in points: this step back would "
            "lose that."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("transactions", "0005_one_index_of_the_member"),
        ("clicks", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, install_again),
        migrations.AddField(
            model_name="transaction",
            name="reward_currency",
            field=models.CharField(default="", max_length=3),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="transaction",
            name="click",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="clicks.click",
            ),
        ),
        migrations.AddField(
            model_name="transaction",
            name="promotion",
            field=models.CharField(blank=True, default="", max_length=36),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("promotion", ""), _negated=True),
                fields=["promotion", "reward_currency"],
                name="transaction_of_promotion",
            ),
        ),
        migrations.RunPython(fill, keep),
        migrations.RunPython(install_again, migrations.RunPython.noop),
    ]
