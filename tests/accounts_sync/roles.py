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
    "notifications.Notice",
    "notifications.NoticeText",
    "redemptions.Redemption",
    "redemptions.RedemptionStep",
    *("claims.Claim", "claims.ClaimStep", "adjustments.Adjustment"),
    "freezes.Freeze",
    "releases.ReleasePolicy",
    "releases.ReleasePolicyChange",
    "releases.BrandPayment",
    "releases.PaymentWithdrawal",
    "expiry.Expiry",
    "expiry.ExpiryPolicy",
    "expiry.ExpiryPolicyChange",
}
WORKED_WITH = LOOKED_UP | {
    *("adjustments.AdjustmentBudget", "adjustments.BudgetChange"),
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
    "members.Erasure",
    "merging.MergedBalance",
    "notifications.NoticeCount",
    "notifications.Outbox",
    "redemptions.RedemptionLimits",
    "redemptions.DestinationReveal",
    "missed.FoundChange",
    "missed.ToldDay",
    "opening.OpeningClosing",
    "opening.OpeningImport",
    "opening.OpeningLine",
    "opening.OpeningTotal",
    "backtests.BackTest",
    "payouts.BatchStep",
    "payouts.PayoutBatch",
    "payouts.PayoutItem",
    "payouts.ProviderAnswer",
    "offers.CatalogRun",
    "offers.RefusedBrand",
    "reports.ReportResult",
    "reports.ReportRun",
    "django_q.Schedule",
    "django_q.OrmQ",
    "django_q.Failure",
    "django_q.Success",
}
STAFF = {"auth.User", "auth.Group", "admin.LogEntry", "otp_totp.TOTPDevice"}
INNER = {
    "members.ErasedName",
    *("health.Turn", "health.Tally", "health.Figures", "redemptions.RedemptionKey"),
    *("missed.Measuring", "accounts_sync.SeenRow"),
    *("ratelimit.Permit", "rate_decisions.ShownPayload"),
}
KEYS = {
    "api_keys.ApiKey",
    *("outward.Subscription", "outward.Delivery", "outward.DeliveryAttempt"),
}
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
        "outward.manage_subscription",
        "outward.replay_delivery",
        "notifications.edit_noticetext",
        "redemptions.approve_redemption",
        *("claims.open_claim", "claims.answer_claim"),
        *("adjustments.propose_adjustment", "adjustments.approve_adjustment"),
        "freezes.freeze",
        "releases.change_release",
        "transactions.release_transaction",
        "expiry.set_expiry_policy",
    },
    "Support": {"claims.open_claim"},
    "Finance": {
        *("adjustments.approve_adjustment", "adjustments.set_adjustmentbudget"),
        *("redemptions.pay_redemption", "redemptions.set_redemptionlimits"),
        "redemptions.reveal_destination",
        "payouts.collect_payoutbatch",
        "payouts.export_payoutbatch",
        "payouts.record_payoutbatch",
        "payouts.send_payoutbatch",
        "approvals.decide_proposal",
        "reports.export_report",
        "releases.change_release",
        "releases.record_brandpayment",
        "transactions.release_transaction",
        "expiry.set_expiry_policy",
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
