"""What was read, as one union of windows; readings beside the watermark; counts of late finds."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts_sync", "0002_roles"),
        ("transactions", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="SideReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.UUIDField(blank=True, null=True)),
                ("holder", models.CharField(blank=True, max_length=255)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "job",
                    models.CharField(
                        choices=[("gap", "gap"), ("re-read", "re-read")], max_length=16
                    ),
                ),
                ("window_start", models.DateTimeField(blank=True, null=True)),
                ("window_end", models.DateTimeField(blank=True, null=True)),
                ("next_url", models.TextField(blank=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("wanted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="transactions.buttonaccount",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "job"), name="sidereading_one_per_job"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("job__in", ["gap", "re-read"])),
                        name="sidereading_job_known",
                    ),
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="watermark",
            options={
                "permissions": [("pull_watermark", "Can have an account read")],
                "verbose_name": "coverage",
                "verbose_name_plural": "coverage",
            },
        ),
        migrations.AddField(
            model_name="watermark",
            name="covered",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="watermark",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="watermark",
            name="check_problem",
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name="watermark",
            name="late_count",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="watermark",
            name="marked_count",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="late_count",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="marked_count",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="is_rest",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("accounts", "accounts"),
                    ("transactions", "transactions"),
                    ("window", "window: a stretch that was asked for by hand"),
                    ("gap", "gap: what the good windows left out"),
                    ("re-read", "re-read: by when an order was created"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(
                condition=models.Q(("late_count__gt", 0), ("marked_count__gt", 0), _connector="OR"),
                fields=["account", "-id"],
                name="syncrun_found_more",
            ),
        ),
    ]
