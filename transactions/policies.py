"""What decides about terms beside the order: its Button account's share mode, and the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf import settings

from offers.rules.match import Rule
from transactions.models import ButtonAccount
from transactions.terms import TermsPolicy


def policy_of(account: ButtonAccount, rules: Callable[[], Sequence[Rule]]) -> TermsPolicy:
    """`rules` are asked for once, and only where an order's terms may hang on them."""
    return TermsPolicy(
        rules=rules,
        share_mode=account.share_mode,
        default_share_bps=settings.REWARD_DEFAULT_SHARE_BPS,
        go_live_at=settings.GO_LIVE_AT,
        has_rewards_before_go_live=settings.REWARD_BEFORE_GO_LIVE,
    )
