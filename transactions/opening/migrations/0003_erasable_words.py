"""Customer ids in lines, and why staff closed one, may be overwritten when a person is forgotten."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from rewards_site.kernel import guards

LINE, CLOSING = "opening_openingline", "opening_openingclosing"
LINE_COLUMNS = (
    *("id", "opening_id", "number", "member_id", "currency"),
    *("pending_minor", "available_minor"),
)
LINE_KEYS = ("old.opening_id = NEW.opening_id AND old.number = NEW.number AND old.id <> NEW.id",)
CLOSING_KEYS = ("old.line_id = NEW.line_id",)


def on(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.erasable(schema_editor, LINE, ["customer_id"])
    guards.anything_goes(schema_editor, CLOSING)
    model = apps.get_model("opening", "OpeningClosing")
    columns = [field.column for field in model._meta.concrete_fields if field.name != "reason"]
    guards.append_only(
        schema_editor, CLOSING, columns=columns, keys=("old.id = NEW.id", *CLOSING_KEYS)
    )
    guards.erasable(schema_editor, CLOSING, ["reason"])


def off(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.anything_goes(schema_editor, LINE)
    guards.append_only(schema_editor, LINE, columns=LINE_COLUMNS, keys=LINE_KEYS)
    guards.anything_goes(schema_editor, CLOSING)
    guards.append_only(schema_editor, CLOSING, keys=CLOSING_KEYS)


class Migration(migrations.Migration):
    dependencies = [("opening", "0002_a_file_once"), ("members", "0003_erasures")]
    operations = [migrations.RunPython(on, off)]
