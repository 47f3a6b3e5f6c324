"""What the reward's currency and the click must agree with."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from transactions.ledger import guards

TABLE = "transactions_transaction"


def install_again(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite rebuilds the table, and loses its triggers by that."""
    guards.anything_goes(schema_editor, TABLE)
    guards.append_only(
        schema_editor, TABLE, columns=["id", "public_id", "account_id", "first_seen_at"]
    )


class Migration(migrations.Migration):
    dependencies = [("transactions", "0006_clicks_and_points")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, install_again),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reward_currency", models.F("currency")),
                    ("reward_currency", "PTS"),
                    _connector="OR",
                ),
                name="transaction_reward_in_commission_currency_or_points",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("click__isnull", True),
                    models.Q(("member__isnull", False), ("merchant__isnull", False)),
                    _connector="OR",
                ),
                name="transaction_click_has_a_member",
            ),
        ),
        migrations.RunPython(install_again, migrations.RunPython.noop),
    ]
