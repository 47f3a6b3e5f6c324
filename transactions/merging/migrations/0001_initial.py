"""What went from one member to another when they were merged; append-only."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(
        schema_editor,
        "merging_mergedbalance",
        keys=[
            "old.change_id = NEW.change_id AND old.currency = NEW.currency",
            "old.entry_group_id = NEW.entry_group_id",
        ],
    )


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, "merging_mergedbalance")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('ledger', '0006_opening_and_merge_kinds'),
        ('members', '0002_customer_id_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='MergedBalance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('pending_minor', models.BigIntegerField()),
                ('available_minor', models.BigIntegerField()),
                ('paid_out_minor', models.BigIntegerField()),
                ('earned_minor', models.BigIntegerField()),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='balances', to='members.customeridchange')),
                ('entry_group', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.entrygroup')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('change', 'currency'), name='mergedbalance_one_per_currency'), models.CheckConstraint(condition=models.Q(('available_minor__gte', 0), ('earned_minor__gte', 0), ('paid_out_minor__gte', 0), ('pending_minor__gte', 0)), name='mergedbalance_not_negative')],
            },
        ),
        migrations.RunPython(install, remove),
    ]
