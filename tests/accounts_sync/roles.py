"""What each role reads and may do: expected, and as the migrations grant it."""

from __future__ import annotations

from django.contrib.auth.models import Permission

LOOKED_UP = {
    "members.Member",
    "offers.Merchant",
    "transactions.Transaction",
    "transactions.TransactionChild",
    "transactions.TransactionRevision",
    "offers.MerchantProfile",
    "offers.MerchantRevision",
    "offers.MerchantOverlay",
    "offers.OverlayChange",
    "rules.RewardRule",
    "rules.RuleVersion",
    "rules.RuleChange",
    "activity.MemberActivity",
    "members.CustomerIdChange",
    "clicks.Click",
    "rate_decisions.RateDecision",
    "brandrecord.BrandRecord",
    "brandrecord.BrandMeasure",
}
WORKED_WITH = LOOKED_UP | {
    "transactions.ButtonAccount",
    "ledger.Account",
    "ledger.EntryGroup",
    "ledger.Entry",
    "inbox.WebhookEvent",
    "accounts_sync.DeferredRow",
    "accounts_sync.SyncRun",
    "accounts_sync.Watermark",
    "accounts_sync.Lease",
    "accounts_sync.SideReading",
    "activity.ActivityCount",
    "approvals.Proposal",
    "health.Alarm",
    "health.Heartbeat",
    "health.Notice",
    "inbox.BodyArchive",
    "inbox.DeferredDecision",
    "ledger.Horizon",
    "merging.MergedBalance",
    "opening.OpeningClosing",
    "opening.OpeningImport",
    "opening.OpeningLine",
    "opening.OpeningTotal",
    "backtests.BackTest",
    "offers.CatalogRun",
    "offers.RefusedBrand",
    "reports.ReportResult",
    "reports.ReportRun",
    "django_q.Schedule",
    "django_q.OrmQ",
    "django_q.Failure",
    "django_q.Success",
}
STAFF = {"auth.User", "auth.Group", "admin.LogEntry"}
INNER = {
    *("health.Turn", "health.Tally", "health.Figures"),
    *("accounts_sync.SeenRow", "ratelimit.Permit", "rate_decisions.ShownPayload"),
}
KEYS = {"api_keys.ApiKey"}
READS = {
    "Ops": WORKED_WITH | INNER | KEYS,
    "Finance": WORKED_WITH,
    "Support": LOOKED_UP,
    "Auditor": WORKED_WITH | INNER | KEYS | STAFF,
    "": set(),
}
GRANTED_VERBS = {
    "Ops": {
        "transactions.attribute_transaction",
        "transactions.move_transaction",
        "transactions.change_buttonaccount",
        "inbox.replay_webhookevent",
        "inbox.decide_deferred",
        "accounts_sync.replay_deferredrow",
        "accounts_sync.pull_watermark",
        "offers.start_catalogrun",
        "offers.decide_merchantoverlay",
        "rules.draft_rewardrule",
        "rules.publish_rewardrule",
        "rules.approve_promotion",
        "backtests.ask_backtest",
        "approvals.decide_proposal",
        "members.rename_member",
        "members.merge_member",
        "api_keys.make_apikey",
        "api_keys.revoke_apikey",
    },
    "Finance": {
        "approvals.decide_proposal",
        "reports.export_report",
        "rules.approve_promotion",
        "backtests.ask_backtest",
    },
}


def view_of(label: str) -> str:
    """ledger.EntryGroup → ledger.view_entrygroup"""
    app_label, _dot, model = label.partition(".")
    return f"{app_label}.view_{model.lower()}"


def granted(role: str) -> set[str]:
    rows = Permission.objects.filter(group__name=role).select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}" for row in rows}
