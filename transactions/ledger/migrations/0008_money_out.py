"""Redemptions, adjustments and expiry: the kinds of what is booked for them."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from transactions.ledger import guards

_ACCOUNT = "ledger_account"


def take_off(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite builds the table anew: what looks at it must not stand in the way."""
    guards.unbalanced_groups(schema_editor)
    guards.anything_goes(schema_editor, _ACCOUNT)


def install_again(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(
        schema_editor,
        _ACCOUNT,
        columns=["id", "kind", "currency", "member_id", "merchant_id"],
    )
    guards.balanced_groups(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_points")]

    operations = [
        migrations.RunPython(take_off, install_again),
        migrations.RemoveConstraint(
            model_name="account",
            name="account_member_kinds_have_a_member",
        ),
        migrations.AlterField(
            model_name="account",
            name="kind",
            field=models.CharField(
                choices=[
                    ("commission_pending", "commission_pending"),
                    ("commission_receivable", "commission_receivable"),
                    ("points_issued", "points_issued"),
                    ("margin_pending", "margin_pending"),
                    ("margin_earned", "margin_earned"),
                    ("unattributed_pending", "unattributed_pending"),
                    ("unattributed_available", "unattributed_available"),
                    ("pending", "pending"),
                    ("available", "available"),
                    ("redeeming", "redeeming"),
                    ("paid_out", "paid_out"),
                    ("opening_balances", "opening_balances"),
                    ("adjustments", "adjustments"),
                    ("expired", "expired"),
                ],
                max_length=32,
            ),
        ),
        migrations.AlterField(
            model_name="entrygroup",
            name="kind",
            field=models.CharField(
                choices=[
                    ("transaction", "transaction"),
                    ("attribution", "attribution"),
                    ("move", "move"),
                    ("return", "return"),
                    ("opening", "opening"),
                    ("opening_released", "opening_released"),
                    ("opening_cancelled", "opening_cancelled"),
                    ("merge", "merge"),
                    ("redemption", "redemption"),
                    ("redemption_paid", "redemption_paid"),
                    ("redemption_returned", "redemption_returned"),
                    ("adjustment", "adjustment"),
                    ("expiry", "expiry"),
                ],
                max_length=32,
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["available", "paid_out", "pending", "redeeming"]),
                        ("member__isnull", False),
                        ("merchant__isnull", True),
                    ),
                    models.Q(
                        (
                            "kind__in",
                            [
                                "adjustments",
                                "commission_pending",
                                "commission_receivable",
                                "expired",
                                "margin_earned",
                                "margin_pending",
                                "opening_balances",
                                "points_issued",
                                "unattributed_available",
                                "unattributed_pending",
                            ],
                        ),
                        ("member__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="account_member_kinds_have_a_member",
            ),
        ),
        migrations.RunPython(install_again, take_off),
    ]
