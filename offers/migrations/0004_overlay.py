"""What ops decide about merchants, and every such decision."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0003_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MerchantOverlay",
            fields=[
                (
                    "merchant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="overlay",
                        serialize=False,
                        to="offers.merchant",
                    ),
                ),
                ("shown_name", models.CharField(blank=True, max_length=255)),
                ("is_switched_off", models.BooleanField(default=False)),
                ("is_featured", models.BooleanField(default=False)),
                ("position", models.PositiveIntegerField(blank=True, null=True)),
                ("categories", models.JSONField(blank=True, default=list)),
                ("note", models.TextField(blank=True)),
                ("changed_at", models.DateTimeField()),
                ("change_count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "merchant overlay",
                "permissions": [
                    ("decide_merchantoverlay", "Can decide how members see a merchant")
                ],
            },
        ),
        migrations.CreateModel(
            name="OverlayChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("changes", models.JSONField()),
                ("reason", models.CharField(max_length=500)),
                ("changed_at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overlay_changes",
                        to="offers.merchant",
                    ),
                ),
            ],
            options={
                "verbose_name": "overlay change",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant", "number"), name="overlaychange_numbered_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="overlaychange_says_why",
                    ),
                ],
            },
        ),
    ]
