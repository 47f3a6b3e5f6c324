"""A transaction's member is found by (member, public id) alone.

An index on the member by itself says less, costs every insert, and was chosen before the other:
a page of a member with many orders was sorted instead of read in order.
"""

import django.db.models.deletion
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
    dependencies = [("transactions", "0004_merged_members")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, install_again),
        migrations.AlterField(
            model_name="transaction",
            name="member",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="members.member",
            ),
        ),
        migrations.RunPython(install_again, migrations.RunPython.noop),
    ]
