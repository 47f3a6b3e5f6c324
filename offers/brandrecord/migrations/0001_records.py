"""What is expected of brands, and what each night measured."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0003_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="BrandRecord",
            fields=[
                (
                    "merchant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="record",
                        serialize=False,
                        to="offers.merchant",
                    ),
                ),
                ("median_days", models.PositiveIntegerField()),
                ("low_days", models.PositiveIntegerField()),
                ("high_days", models.PositiveIntegerField()),
                ("sample_size", models.PositiveIntegerField()),
                ("pending_count", models.PositiveIntegerField()),
                ("declined_count", models.PositiveIntegerField()),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                ("measured_at", models.DateTimeField()),
                ("waits", models.JSONField(blank=True, default=list)),
                ("months", models.JSONField(blank=True, default=list)),
                ("judged_count", models.PositiveIntegerField(default=0)),
                ("inside_count", models.PositiveIntegerField(default=0)),
                ("drifting_since", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "expected date",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("low_days__lte", models.F("median_days")),
                            ("median_days__lte", models.F("high_days")),
                        ),
                        name="brandrecord_median_within_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("inside_count__lte", models.F("judged_count"))),
                        name="brandrecord_inside_among_judged",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_at__lt", models.F("until_at"))),
                        name="brandrecord_from_before_until",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BrandMeasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("measured_on", models.DateField()),
                ("measured_at", models.DateTimeField()),
                ("median_days", models.PositiveIntegerField(blank=True, null=True)),
                ("low_days", models.PositiveIntegerField(blank=True, null=True)),
                ("high_days", models.PositiveIntegerField(blank=True, null=True)),
                ("validated_count", models.PositiveIntegerField()),
                ("pending_count", models.PositiveIntegerField()),
                ("declined_count", models.PositiveIntegerField()),
                ("from_at", models.DateTimeField()),
                ("judged_count", models.PositiveIntegerField(default=0)),
                ("inside_count", models.PositiveIntegerField(default=0)),
                ("is_drifting", models.BooleanField(default=False)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measures",
                        to="offers.merchant",
                    ),
                ),
            ],
            options={
                "verbose_name": "measurement of a brand",
                "verbose_name_plural": "measurements of brands",
                "indexes": [models.Index(fields=["measured_on"], name="brandmeasure_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant", "measured_on"), name="brandmeasure_once_a_night"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("high_days__isnull", True),
                                ("low_days__isnull", True),
                                ("median_days__isnull", True),
                            ),
                            models.Q(
                                ("high_days__isnull", False),
                                ("low_days__isnull", False),
                                ("median_days__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="brandmeasure_whole_estimate_or_none",
                    ),
                ],
            },
        ),
    ]
