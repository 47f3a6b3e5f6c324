"""What was set, and who has paid, is on record for good."""

from datetime import UTC, datetime

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards

TABLES = (
    "releases_releasepolicychange",
    "releases_brandpayment",
    "releases_paymentwithdrawal",
)


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table in TABLES:
        guards.append_only(schema_editor, table)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for table in TABLES:
        guards.anything_goes(schema_editor, table)


def add_default(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What holds for all brands until ops set something else: at once."""
    apps.get_model("releases", "ReleasePolicy").objects.get_or_create(
        is_default=True, defaults={"mode": "validated", "changed_at": datetime.now(tz=UTC)}
    )


class Migration(migrations.Migration):
    dependencies = [("releases", "0001_initial")]
    operations = [
        migrations.RunPython(install, remove),
        migrations.RunPython(add_default, migrations.RunPython.noop),
    ]
