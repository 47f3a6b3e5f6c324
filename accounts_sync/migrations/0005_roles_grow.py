"""What the roles may read and do since merchants, reports, alarms, approvals and API keys exist.

Made here as in 0002_roles: on a fresh database no permission exists yet while migrations run.
"""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

LOOKED_UP = (
    ("offers", "merchantprofile", "view_merchantprofile", "Can view merchant profile"),
    ("offers", "merchantrevision", "view_merchantrevision", "Can view merchant revision"),
    ("activity", "memberactivity", "view_memberactivity", "Can view item of activity"),
    ("members", "customeridchange", "view_customeridchange", "Can view customer id change"),
)
WORKED_WITH = (
    *LOOKED_UP,
    ("offers", "catalogrun", "view_catalogrun", "Can view catalogue run"),
    ("offers", "refusedbrand", "view_refusedbrand", "Can view refused brand"),
    ("activity", "activitycount", "view_activitycount", "Can view activity count"),
    ("approvals", "proposal", "view_proposal", "Can view proposal"),
    ("accounts_sync", "sidereading", "view_sidereading", "Can view side reading"),
    ("inbox", "deferreddecision", "view_deferreddecision", "Can view deferred decision"),
    ("inbox", "bodyarchive", "view_bodyarchive", "Can view body archive"),
    ("health", "alarm", "view_alarm", "Can view alarm"),
    ("health", "notice", "view_notice", "Can view notice"),
    ("health", "heartbeat", "view_heartbeat", "Can view heartbeat"),
    ("ledger", "horizon", "view_horizon", "Can view horizon"),
    ("opening", "openingimport", "view_openingimport", "Can view opening import"),
    ("opening", "openingtotal", "view_openingtotal", "Can view opening total"),
    ("opening", "openingline", "view_openingline", "Can view opening line"),
    ("opening", "openingclosing", "view_openingclosing", "Can view opening closing"),
    ("merging", "mergedbalance", "view_mergedbalance", "Can view merged balance"),
    ("reports", "reportrun", "view_reportrun", "Can view export"),
    ("reports", "reportresult", "view_reportresult", "Can view end of an export"),
)
INNER = (
    ("health", "turn", "view_turn", "Can view turn"),
    ("health", "tally", "view_tally", "Can view tally"),
    ("health", "figures", "view_figures", "Can view figures"),
)
KEYS = (("api_keys", "apikey", "view_apikey", "Can view API key"),)
DECIDES = (
    (
        "approvals",
        "proposal",
        "decide_proposal",
        "Can approve or reject what another person proposed",
    ),
)

ROLES = {
    "Ops": (
        *WORKED_WITH,
        *INNER,
        *KEYS,
        *DECIDES,
        ("offers", "catalogrun", "start_catalogrun", "Can have the catalogue read now"),
        (
            "transactions",
            "transaction",
            "move_transaction",
            "Can move a transaction to another member",
        ),
        ("accounts_sync", "watermark", "pull_watermark", "Can have an account read"),
        (
            "inbox",
            "deferreddecision",
            "decide_deferred",
            "Can accept or reject what could not be applied",
        ),
        (
            "members",
            "member",
            "rename_member",
            "Can propose and approve another customer id for a member",
        ),
        ("members", "member", "merge_member", "Can propose and approve the merging of two members"),
        ("api_keys", "apikey", "make_apikey", "Can make an API key"),
        ("api_keys", "apikey", "revoke_apikey", "Can revoke an API key"),
    ),
    "Finance": (
        *WORKED_WITH,
        *DECIDES,
        ("reports", "reportrun", "export_report", "Can export finance reports"),
    ),
    "Support": LOOKED_UP,
    "Auditor": (*WORKED_WITH, *INNER, *KEYS),
}


RENAMED = {
    ("accounts_sync", "view_watermark"): ("Can view watermark", "Can view coverage"),
}
"""Permissions that an earlier migration made under what is now another name."""


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    permission_model = apps.get_model("auth", "Permission")
    type_model = apps.get_model("contenttypes", "ContentType")
    for role, granted in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        for app_label, model, codename, name in granted:
            content_type, _ = type_model.objects.get_or_create(app_label=app_label, model=model)
            permission, _ = permission_model.objects.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": name}
            )
            group.permissions.add(permission)
    for (app_label, codename), (_, name) in RENAMED.items():
        _rename(permission_model, app_label, codename, name)


def _rename(permission_model: Any, app_label: str, codename: str, name: str) -> None:
    found = permission_model.objects.filter(codename=codename, content_type__app_label=app_label)
    found.update(name=name)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role, granted in ROLES.items():
        for group in apps.get_model("auth", "Group").objects.filter(name=role):
            for app_label, model, codename, _ in granted:
                found = group.permissions.filter(
                    codename=codename,
                    content_type__app_label=app_label,
                    content_type__model=model,
                )
                group.permissions.remove(*found)
    for (app_label, codename), (name, _) in RENAMED.items():
        _rename(apps.get_model("auth", "Permission"), app_label, codename, name)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts_sync", "0004_coverage_of_runs"),
        ("inbox", "0004_archived_bodies"),
        ("transactions", "0003_staff_decisions"),
        ("activity", "0003_guards"),
        ("ledger", "0005_group_kinds"),
        ("offers", "0003_guards"),
        ("reports", "0002_guards"),
        ("approvals", "0002_guards"),
        ("api_keys", "0002_guards"),
        ("health", "0001_initial"),
        ("members", "0002_customer_id_changes"),
        ("opening", "0001_initial"),
        ("merging", "0001_initial"),
    ]
    operations = [migrations.RunPython(grant, take_back)]
