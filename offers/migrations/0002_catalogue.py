"""What the Brands API tells of merchants, and what changed of it."""

import django.db.models.deletion
from django.db import migrations, models

import rewards_site.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="MerchantProfile",
            fields=[
                (
                    "merchant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="profile",
                        serialize=False,
                        to="offers.merchant",
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(
                        default=rewards_site.kernel.ids.time_ordered_id, editable=False, unique=True
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=255)),
                ("description", models.TextField(blank=True)),
                ("icon_url", models.CharField(blank=True, max_length=2048)),
                ("homepage_url", models.CharField(blank=True, max_length=2048)),
                ("terms_url", models.CharField(blank=True, max_length=2048)),
                ("is_live_ready", models.BooleanField(blank=True, null=True)),
                ("status", models.CharField(blank=True, max_length=32)),
                ("categories", models.JSONField(blank=True, default=list)),
                ("hostnames", models.JSONField(blank=True, default=list)),
                ("subdomain", models.CharField(blank=True, max_length=255)),
                ("apps", models.JSONField(blank=True, default=list)),
                ("reporting_window_days", models.PositiveIntegerField(blank=True, null=True)),
                ("finalization_window_minutes", models.PositiveIntegerField(blank=True, null=True)),
                ("coupons_allowed", models.BooleanField(blank=True, null=True)),
                ("gift_cards_allowed", models.BooleanField(blank=True, null=True)),
                ("exclusion_details", models.TextField(blank=True)),
                ("additional_terms", models.TextField(blank=True)),
                ("facts_since", models.JSONField(blank=True, default=dict)),
                ("window_history", models.JSONField(blank=True, default=list)),
                ("flags", models.JSONField(blank=True, default=list)),
                ("row", models.TextField(blank=True)),
                ("described_at", models.DateTimeField()),
                ("read_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("unlisted_since", models.DateTimeField(blank=True, null=True)),
                ("revision_count", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="CatalogRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("abandoned", "abandoned: it was stopped, or its process died"),
                        ],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("listed_count", models.PositiveIntegerField(default=0)),
                ("described_count", models.PositiveIntegerField(default=0)),
                ("changed_count", models.PositiveIntegerField(default=0)),
                ("unlisted_count", models.PositiveIntegerField(default=0)),
                ("refused_count", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=1000)),
            ],
            options={
                "verbose_name": "catalogue run",
                "permissions": [("start_catalogrun", "Can have the catalogue read now")],
                "indexes": [models.Index(fields=["status", "-id"], name="catalogrun_by_status")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["running", "done", "failed", "abandoned"])
                        ),
                        name="catalogrun_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("status", "running")),
                            models.Q(
                                models.Q(("status", "running"), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="catalogrun_finished_unless_running",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MerchantRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("described", "described for the first time"),
                            ("changed", "changed"),
                            ("unlisted", "not listed any more"),
                            ("relisted", "listed again"),
                        ],
                        max_length=16,
                    ),
                ),
                ("changes", models.JSONField(blank=True, default=list)),
                ("row", models.TextField(blank=True)),
                ("read_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="offers.merchant",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="offers.catalogrun",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant", "number"), name="merchantrevision_numbered_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gt", 0)),
                        name="merchantrevision_number_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["described", "changed", "unlisted", "relisted"])
                        ),
                        name="merchantrevision_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RefusedBrand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("merchant_id_told", models.CharField(blank=True, max_length=255)),
                ("row", models.TextField()),
                ("row_digest", models.CharField(max_length=64, unique=True)),
                ("reason", models.CharField(max_length=1000)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("seen_count", models.PositiveIntegerField(default=1)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "last_run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="offers.catalogrun"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at__isnull", True)),
                        fields=["-id"],
                        name="refusedbrand_open",
                    )
                ],
            },
        ),
    ]
