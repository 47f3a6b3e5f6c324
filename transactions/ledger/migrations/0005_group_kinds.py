"""Names of what may be booked: words of the program, nothing in the database changes."""

from django.db import migrations, models

KINDS = ["transaction", "attribution", "move", "return"]


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_horizon_row")]

    operations = [
        migrations.AlterField(
            model_name="entrygroup",
            name="kind",
            field=models.CharField(choices=[(kind, kind) for kind in KINDS], max_length=32),
        ),
    ]
