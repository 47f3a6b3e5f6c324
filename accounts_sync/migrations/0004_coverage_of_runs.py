"""Put the union of the windows that were read to their end beside each watermark."""

from datetime import UTC, datetime

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def put_windows_together(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    run_model = apps.get_model("accounts_sync", "SyncRun")
    for watermark in apps.get_model("accounts_sync", "Watermark").objects.order_by("pk"):
        windows = run_model.objects.filter(
            kind="transactions", status="done", account=watermark.pk, window_end__isnull=False
        ).order_by(F("window_start").asc(nulls_first=True), "window_end")
        covered: list[list[datetime]] = []
        for start, end in windows.values_list("window_start", "window_end").iterator():
            begins = start or _BEGINNING
            assert end is not None
            if begins >= end:
                continue
            if covered and begins <= covered[-1][1]:
                covered[-1][1] = max(covered[-1][1], end)
            else:
                covered.append([begins, end])
        watermark.covered = [[_text(start), _text(end)] for start, end in covered]
        watermark.save(update_fields=["covered"])


def _text(at: datetime) -> str | None:
    if at == _BEGINNING:
        return None
    precision = "microseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"


class Migration(migrations.Migration):
    dependencies = [("accounts_sync", "0003_coverage")]

    operations = [migrations.RunPython(put_windows_together, migrations.RunPython.noop)]
