"""Opening balances; what was imported is append-only, and what was booked is never booked again."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards


GUARDED: dict[str, dict[str, list[str]]] = {
    "opening_openingimport": {
        "columns": ["id", "name", "file_name", "digest", "imported_by", "started_at", "line_count"],
        "keys": ["old.name = NEW.name"],
    },
    "opening_openingtotal": {
        "keys": ["old.opening_id = NEW.opening_id AND old.currency = NEW.currency"]
    },
    "opening_openingline": {
        # The group is written later, and the customer id may be forgotten
        "columns": [
            "id", "opening_id", "number", "member_id", "currency", "pending_minor",
            "available_minor",
        ],
        "keys": [
            "old.opening_id = NEW.opening_id AND old.number = NEW.number AND old.id <> NEW.id"
        ],
    },
    "opening_openingclosing": {"keys": ["old.line_id = NEW.line_id"]},
}


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table, rules in GUARDED.items():
        guards.append_only(schema_editor, table, **rules)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table in GUARDED:
        guards.anything_goes(schema_editor, table)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('ledger', '0006_opening_and_merge_kinds'),
        ('members', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OpeningImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('file_name', models.CharField(max_length=255)),
                ('digest', models.CharField(max_length=64)),
                ('imported_by', models.CharField(max_length=150)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('line_count', models.PositiveIntegerField()),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='OpeningLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('customer_id', models.CharField(max_length=255)),
                ('currency', models.CharField(max_length=3)),
                ('pending_minor', models.BigIntegerField()),
                ('available_minor', models.BigIntegerField()),
                ('entry_group', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.entrygroup')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='members.member')),
                ('opening', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='opening.openingimport')),
            ],
        ),
        migrations.CreateModel(
            name='OpeningClosing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('released', 'released: it became available'), ('cancelled', 'cancelled: it came to nothing')], max_length=16)),
                ('closed_by', models.CharField(max_length=150)),
                ('reason', models.CharField(max_length=500)),
                ('closed_at', models.DateTimeField()),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('entry_group', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.entrygroup')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='members.member')),
                ('line', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='closing', to='opening.openingline')),
            ],
        ),
        migrations.CreateModel(
            name='OpeningTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('line_count', models.PositiveIntegerField()),
                ('pending_minor', models.BigIntegerField()),
                ('available_minor', models.BigIntegerField()),
                ('opening', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='totals', to='opening.openingimport')),
            ],
        ),
        migrations.AddConstraint(
            model_name='openingimport',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='openingimport_is_named'),
        ),
        migrations.AddConstraint(
            model_name='openingimport',
            constraint=models.CheckConstraint(condition=models.Q(('line_count__gt', 0)), name='openingimport_has_lines'),
        ),
        migrations.AddIndex(
            model_name='openingline',
            index=models.Index(condition=models.Q(('entry_group__isnull', True)), fields=['opening', 'number'], name='openingline_to_be_booked'),
        ),
        migrations.AddConstraint(
            model_name='openingline',
            constraint=models.UniqueConstraint(fields=('opening', 'number'), name='openingline_once'),
        ),
        migrations.AddConstraint(
            model_name='openingline',
            constraint=models.UniqueConstraint(fields=('opening', 'member', 'currency'), name='openingline_one_per_member_and_currency'),
        ),
        migrations.AddConstraint(
            model_name='openingline',
            constraint=models.CheckConstraint(condition=models.Q(('available_minor__gte', 0), ('pending_minor__gte', 0), models.Q(('pending_minor__gt', 0), ('available_minor__gt', 0), _connector='OR')), name='openingline_brings_something'),
        ),
        migrations.AddConstraint(
            model_name='openingclosing',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['released', 'cancelled'])), name='openingclosing_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='openingclosing',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='openingclosing_says_why'),
        ),
        migrations.AddConstraint(
            model_name='openingtotal',
            constraint=models.UniqueConstraint(fields=('opening', 'currency'), name='openingtotal_one_per_currency'),
        ),
        migrations.AddConstraint(
            model_name='openingtotal',
            constraint=models.CheckConstraint(condition=models.Q(('available_minor__gte', 0), ('pending_minor__gte', 0)), name='openingtotal_not_negative'),
        ),
        migrations.RunPython(install, remove),
    ]
