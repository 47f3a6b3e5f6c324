
import django.db.models.deletion
import rewards_site.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('ledger', '0002_guards'),
        ('members', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActivityCount',
            fields=[
                ('member', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='members.member')),
                ('item_count', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('item_count__gt', 0)), name='activitycount_positive')],
            },
        ),
        migrations.CreateModel(
            name='MemberActivity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=rewards_site.kernel.ids.time_ordered_id, editable=False)),
                ('number', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('pending_change_minor', models.BigIntegerField()),
                ('available_change_minor', models.BigIntegerField()),
                ('pending_after_minor', models.BigIntegerField()),
                ('available_after_minor', models.BigIntegerField()),
                ('group', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='ledger.entrygroup')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='members.member')),
            ],
            options={
                'verbose_name': 'item of activity',
                'verbose_name_plural': 'items of activity',
                'constraints': [models.UniqueConstraint(fields=('member', 'number'), name='activity_numbered_once_per_member'), models.UniqueConstraint(fields=('group', 'member', 'currency'), name='activity_one_per_group_member_currency'), models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='activity_number_positive'), models.CheckConstraint(condition=models.Q(('available_after_minor__gte', 0), ('pending_after_minor__gte', 0)), name='activity_balances_not_negative')],
            },
        ),
    ]
