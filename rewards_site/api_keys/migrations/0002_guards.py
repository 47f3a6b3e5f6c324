"""What a key is, is for ever: it can be used and revoked, and nothing else about it changes."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards

TABLE = "api_keys_apikey"
FIXED = (
    "id",
    "name",
    "key_id",
    "secret_digest",
    "scopes",
    "created_at",
    "created_by_id",
    "expires_at",
)


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.append_only(schema_editor, TABLE, columns=FIXED)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, TABLE)


class Migration(migrations.Migration):
    dependencies = [("api_keys", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
