"""The instant up to which reports have looked, and when each member's account was last posted to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]

    operations = [
        # Null and without a default: SQLite adds it without rebuilding the table and its triggers
        migrations.AddField(
            model_name="account",
            name="last_posted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="Horizon",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("horizon_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "horizon",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="horizon_has_one_row"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("settled_at__lte", models.F("horizon_at"))),
                        name="horizon_settles_behind_itself",
                    ),
                ],
            },
        ),
    ]
