"""What staff decide about deferred events and rows of the API; append-only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards

TABLE = "inbox_deferreddecision"


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(schema_editor, TABLE)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, TABLE)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts_sync", "0001_initial"),
        ("inbox", "0002_guards"),
        ("transactions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="webhookevent",
            name="status",
            field=models.CharField(
                choices=[
                    ("processed", "processed"),
                    ("ignored", "ignored: nothing to change"),
                    ("deferred", "deferred: cannot be applied now"),
                    ("rejected", "rejected: not an event, or by staff"),
                    ("conflicting", "conflicting: another body under a known id"),
                ],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="DeferredDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("accepted", "accepted: the change that it tells holds"),
                            ("kept", "kept: ours hold, whatever else it tells was taken"),
                            ("rejected", "rejected: nothing of it is ever booked"),
                            ("reopened", "opened again"),
                        ],
                        max_length=16,
                    ),
                ),
                ("deferred_because", models.CharField(max_length=1000)),
                ("reason", models.CharField(max_length=500)),
                ("decided_at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deferred_decisions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approved_decisions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="inbox.webhookevent",
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="accounts_sync.deferredrow",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="transactions.transaction",
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("decide_deferred", "Can accept or reject what could not be applied")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("verdict__in", ["accepted", "kept", "rejected", "reopened"])
                        ),
                        name="deferreddecision_verdict_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("event__isnull", False), ("row__isnull", True)),
                            models.Q(("event__isnull", True), ("row__isnull", False)),
                            _connector="OR",
                        ),
                        name="deferreddecision_of_an_event_or_a_row",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver__isnull", True),
                            models.Q(("approver", models.F("actor")), _negated=True),
                            _connector="OR",
                        ),
                        name="deferreddecision_approved_by_another_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="deferreddecision_says_why",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
