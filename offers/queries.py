"""What members read of the catalogue. Never a commission, a rate or anything ops note."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from offers.models import Merchant, MerchantProfile
from offers.windows import window_days
from rewards_site.kernel.errors import NotFound

_APPROVED = ("", "approved")
"""The Brands API tells no status; the legacy Merchants API told those that we may link to, too."""

SHOPPABLE = (
    Q(unlisted_since=None)
    & Q(status__in=_APPROVED)
    & (Q(is_live_ready=None) | Q(is_live_ready=True))
)
"""Profiles that a shopper may be sent to, as far as Button tells. Not told means ready."""


class MerchantState(StrEnum):
    """A merchant in a shopper's words."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    """Not listed any more, not approved, or not live: earlier orders still count."""
    NOT_DESCRIBED = "not_described"
    """Known by an order only: Button has told nothing of it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantTerms:
    """What a brand asks of an order. None: Button does not tell."""

    finalization_window_days: int | None = None
    reporting_window_days: int | None = None
    coupons_allowed: bool | None = None
    gift_cards_allowed: bool | None = None
    exclusions: str | None = None
    additional_terms: str | None = None
    terms_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMerchant:
    """A merchant as members see it."""

    merchant_id: str
    name: str
    status: MerchantState
    description: str | None = None
    icon_url: str | None = None
    homepage_url: str | None = None
    categories: list[str] = field(default_factory=list)
    hostnames: list[str] = field(default_factory=list)
    terms: MerchantTerms = MerchantTerms()


def shoppable_merchants() -> QuerySet[MerchantProfile]:
    """The profiles of merchants that members may be sent to, with their merchants, unordered."""
    unread = ("row", "flags", "facts_since", "window_history", "apps")
    return MerchantProfile.objects.filter(SHOPPABLE).select_related("merchant").defer(*unread)


def find_merchant(merchant_id: str) -> ShownMerchant:
    """Any merchant that is known, also one that is inactive by now. Raises: NotFound."""
    known = Merchant.objects.select_related("profile")
    merchant = None if "\x00" in merchant_id else known.filter(pk=merchant_id).first()
    if merchant is None:
        raise NotFound(_("There is no such merchant."))
    profile = profile_of(merchant)
    if profile is not None:
        return shown(profile)
    return ShownMerchant(
        merchant_id=merchant.pk, name=merchant.name, status=MerchantState.NOT_DESCRIBED
    )


def profile_of(merchant: Merchant) -> MerchantProfile | None:
    """None while it is not yet described. No query where it was selected along."""
    try:
        return merchant.profile
    except MerchantProfile.DoesNotExist:
        return None


def shown(profile: MerchantProfile) -> ShownMerchant:
    """One row of `shoppable_merchants`, without a further query."""
    return ShownMerchant(
        merchant_id=profile.pk,
        name=profile.merchant.name,
        status=MerchantState.ACTIVE if is_shoppable(profile) else MerchantState.INACTIVE,
        description=profile.description or None,
        icon_url=profile.icon_url or None,
        homepage_url=profile.homepage_url or None,
        categories=profile.categories,
        hostnames=profile.hostnames,
        terms=MerchantTerms(
            finalization_window_days=window_days(profile.finalization_window_minutes),
            reporting_window_days=profile.reporting_window_days,
            coupons_allowed=profile.coupons_allowed,
            gift_cards_allowed=profile.gift_cards_allowed,
            exclusions=profile.exclusion_details or None,
            additional_terms=profile.additional_terms or None,
            terms_url=profile.terms_url or None,
        ),
    )


def is_shoppable(profile: MerchantProfile) -> bool:
    """SHOPPABLE, asked of one row."""
    return (
        profile.unlisted_since is None
        and profile.status in _APPROVED
        and profile.is_live_ready is not False
    )
