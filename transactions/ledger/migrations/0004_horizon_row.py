"""The horizon's one row, at a time before all others; accounts know when they were last posted to.

The guards come with the row: it only grows, and nothing is booked at or before what is settled.
"""

from datetime import UTC, datetime

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Exists, Max, OuterRef, Subquery

from transactions.ledger import guards


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    account_model = apps.get_model("ledger", "Account")
    entry_model = apps.get_model("ledger", "Entry")
    members = account_model.objects.filter(member__isnull=False)
    entries = entry_model.objects.filter(account=OuterRef("pk")).order_by().values("account")
    latest = entries.annotate(latest=Max("group__posted_at")).values("latest")
    members.update(last_posted_at=Subquery(latest))
    unfilled = members.filter(Exists(entries), last_posted_at__isnull=True)
    assert not unfilled.exists(), "an account with entries knows when it was last posted to"
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    apps.get_model("ledger", "Horizon").objects.create(
        pk=1, horizon_at=beginning, settled_at=beginning
    )


def forget(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("ledger", "Horizon").objects.all().delete()


def guard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.settled_books(schema_editor)


def unguard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.unsettled_books(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_horizon")]
    operations = [migrations.RunPython(fill, forget), migrations.RunPython(guard, unguard)]
