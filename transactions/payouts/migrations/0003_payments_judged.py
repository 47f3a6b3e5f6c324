"""What people say of one payment is a step. No table changes: choices are not stored."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0002_guards_and_roles"),
    ]

    operations = [
        migrations.AlterField(
            model_name="batchstep",
            name="verb",
            field=models.CharField(
                choices=[
                    ("made", "made"),
                    ("removed an item", "removed an item"),
                    ("closed", "closed"),
                    ("exported", "exported"),
                    ("given to be sent", "given to be sent"),
                    ("the provider has it", "the provider has it"),
                    ("the provider refused it", "the provider refused it"),
                    ("result imported", "result imported"),
                    ("provider's id entered", "provider's id entered"),
                    ("settled", "settled"),
                    ("cancelled", "cancelled"),
                    ("never arrived", "never arrived"),
                    ("payment: people said", "payment: people said"),
                    ("payment: looked at", "payment: looked at"),
                ],
                max_length=32,
            ),
        ),
    ]
