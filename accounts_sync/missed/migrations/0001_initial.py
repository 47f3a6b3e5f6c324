"""What the sync found that no webhook had told, by day; and who may look at it.

The permissions are made here as in 0002_roles: on a fresh database none exist while migrations run.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

VIEWED = {
    "foundchange": ("change found by the sync", ("Ops", "Finance", "Auditor")),
    "toldday": ("day of webhooks", ("Ops", "Finance", "Auditor")),
    "measuring": ("measuring", ("Ops", "Auditor")),
}


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    content_types = apps.get_model("contenttypes", "ContentType").objects
    for model, (name, roles) in VIEWED.items():
        content_type, _ = content_types.get_or_create(app_label="missed", model=model)
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type,
            codename=f"view_{model}",
            defaults={"name": f"Can view {name}"},
        )
        for role in roles:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(permission)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="missed", codename__in=[f"view_{model}" for model in VIEWED]
    ).delete()


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('transactions', '0007_reward_currency'),
        ('accounts_sync', '0006_seen_rows'),
    ]

    operations = [
        migrations.CreateModel(
            name='Measuring',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision_id', models.BigIntegerField(default=0)),
                ('event_id', models.BigIntegerField(default=0)),
                ('measured_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'measuring',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='measuring_has_one_row')],
            },
        ),
        migrations.CreateModel(
            name='FoundChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tx_id', models.CharField(db_index=True, max_length=255)),
                ('status', models.CharField(max_length=16)),
                ('modified_at', models.DateTimeField()),
                ('found_at', models.DateTimeField()),
                ('day', models.DateField()),
                ('detect_seconds', models.PositiveIntegerField()),
                ('verdict', models.CharField(choices=[('late', 'late: it came after the sync'), ('lost', 'lost: it has not come')], max_length=8)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='transactions.buttonaccount')),
                ('revision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='transactions.transactionrevision')),
                ('transaction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='transactions.transaction')),
            ],
            options={
                'verbose_name': 'change found by the sync',
                'verbose_name_plural': 'changes found by the sync',
                'indexes': [models.Index(fields=['day', 'detect_seconds'], name='foundchange_by_day'), models.Index(fields=['verdict', '-id'], name='foundchange_by_verdict')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('told_at__isnull', True), ('verdict', 'lost')), models.Q(('told_at__isnull', False), ('verdict', 'late')), _connector='OR'), name='foundchange_lost_until_told')],
            },
        ),
        migrations.CreateModel(
            name='ToldDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('webhook_count', models.PositiveIntegerField(default=0)),
                ('found_count', models.PositiveIntegerField(default=0)),
                ('lost_count', models.PositiveIntegerField(default=0)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='transactions.buttonaccount')),
            ],
            options={
                'verbose_name': 'day of webhooks',
                'verbose_name_plural': 'days of webhooks',
                'constraints': [models.UniqueConstraint(fields=('day', 'account'), name='toldday_one_per_account'), models.CheckConstraint(condition=models.Q(('lost_count__lte', models.F('found_count'))), name='toldday_lost_were_found')],
            },
        ),
        migrations.RunPython(grant, take_back),
    ]
