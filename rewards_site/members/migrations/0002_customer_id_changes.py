"""A customer id may stand for a member of another id; who decided it, append-only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(schema_editor, "members_customeridchange")


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, "members_customeridchange")


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerIdChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("renamed", "renamed: the member got another customer id"),
                            ("merged", "merged: two members turned out to be one"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.AlterModelOptions(
            name="member",
            options={
                "permissions": [
                    ("rename_member", "Can propose and approve another customer id for a member"),
                    ("merge_member", "Can propose and approve the merging of two members"),
                ]
            },
        ),
        migrations.AddField(
            model_name="member",
            name="same_as",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="aliases",
                to="members.member",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("same_as__isnull", True),
                    models.Q(("same_as", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="member_is_not_its_own_alias",
            ),
        ),
        migrations.AddField(
            model_name="customeridchange",
            name="actor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="customeridchange",
            name="alias",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="members.member"
            ),
        ),
        migrations.AddField(
            model_name="customeridchange",
            name="approver",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="customeridchange",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="customer_id_changes",
                to="members.member",
            ),
        ),
        migrations.AddConstraint(
            model_name="customeridchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["renamed", "merged"])),
                name="customeridchange_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="customeridchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("alias", models.F("member")), _negated=True),
                name="customeridchange_of_two_rows",
            ),
        ),
        migrations.AddConstraint(
            model_name="customeridchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("approver", models.F("actor")), _negated=True),
                name="customeridchange_by_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="customeridchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="customeridchange_says_why"
            ),
        ),
        migrations.RunPython(install, remove),
    ]
