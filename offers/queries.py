"""What members read of the catalogue. Never a commission, a rate or the notes of ops."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from offers.display import without_rates
from offers.models import Merchant, MerchantOverlay, MerchantProfile
from offers.windows import window_days
from rewards_site.kernel.errors import NotFound
from rewards_site.kernel.rows import Question, rows_of

APPROVED = ("", "approved")
"""The Brands API tells no status; the legacy Merchants API told those that we may link to, too."""

SHOPPABLE = (
    Q(unlisted_since=None)
    & Q(status__in=APPROVED)
    & (Q(is_live_ready=None) | Q(is_live_ready=True))
)
"""Profiles that a shopper may be sent to, as far as Button tells. Not told means ready."""


IN_THE_LIST = SHOPPABLE & (Q(merchant__overlay=None) | Q(merchant__overlay__is_switched_off=False))
"""SHOPPABLE, and not switched off by ops."""


class MerchantState(StrEnum):
    """A merchant in a shopper's words."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    """Not listed any more, not approved, not live, or switched off by ops: earlier orders still
    count."""
    NOT_DESCRIBED = "not_described"
    """Known by an order or an offer only: Button has told nothing of it yet."""


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
    """Those of ops; where they set none, those that Button tells."""
    featured: bool = False
    hostnames: list[str] = field(default_factory=list)
    terms: MerchantTerms = MerchantTerms()


def shoppable_merchants() -> QuerySet[MerchantProfile]:
    """The profiles of merchants that members may be sent to, with their merchants, unordered."""
    unread = ("row", "flags", "facts_since", "window_history", "apps", "merchant__overlay__note")
    listed = MerchantProfile.objects.filter(IN_THE_LIST)
    return listed.select_related("merchant__overlay").defer(*unread)


def find_merchant(merchant_id: str) -> ShownMerchant:
    """Any merchant that is known, also one that is inactive by now. Raises: NotFound."""
    known = Merchant.objects.select_related("profile", "overlay")
    merchant = None if "\x00" in merchant_id else known.filter(pk=merchant_id).first()
    if merchant is None:
        raise NotFound(_("There is no such merchant."))
    profile = profile_of(merchant)
    if profile is not None:
        return shown(profile)
    overlay = overlay_of(merchant)
    is_off = overlay is not None and overlay.is_switched_off
    return ShownMerchant(
        merchant_id=merchant.pk,
        name=name_of(merchant),
        status=MerchantState.INACTIVE if is_off else MerchantState.NOT_DESCRIBED,
        categories=overlay.categories if overlay is not None else [],
        featured=overlay is not None and overlay.is_featured,
    )


def profile_of(merchant: Merchant) -> MerchantProfile | None:
    """None while it is not yet described. No query where it was selected along."""
    try:
        return merchant.profile
    except MerchantProfile.DoesNotExist:
        return None


def overlay_of(merchant: Merchant) -> MerchantOverlay | None:
    """None while ops decided nothing. No query where it was selected along."""
    try:
        return merchant.overlay
    except MerchantOverlay.DoesNotExist:
        return None


def name_of(merchant: Merchant) -> str:
    """As members read it. A query, unless the overlay was selected along."""
    overlay = overlay_of(merchant)
    return (overlay.shown_name if overlay is not None else "") or merchant.name


def store_names(merchant_ids: Collection[str]) -> dict[str, str]:
    """merchant id → its name as members read it; one statement."""
    found = Merchant.objects.filter(pk__in=merchant_ids).select_related("overlay")
    return {row.merchant_id: name_of(row) for row in found} if merchant_ids else {}


def asked_overlays(merchant_ids: Collection[str]) -> Question[MerchantOverlay]:
    """What ops decided about these merchants, to be asked along with other questions."""
    return rows_of(MerchantOverlay, {"merchant_id": merchant_ids})


def shown(profile: MerchantProfile) -> ShownMerchant:
    """One row of `shoppable_merchants`, without a further query."""
    overlay = overlay_of(profile.merchant)
    is_off = overlay is not None and overlay.is_switched_off
    is_active = is_shoppable(profile) and not is_off
    return ShownMerchant(
        merchant_id=profile.pk,
        name=name_of(profile.merchant),
        status=MerchantState.ACTIVE if is_active else MerchantState.INACTIVE,
        description=without_rates(profile.description) or None,
        icon_url=profile.icon_url or None,
        homepage_url=profile.homepage_url or None,
        categories=(overlay.categories if overlay is not None else []) or profile.categories,
        featured=overlay is not None and overlay.is_featured,
        hostnames=profile.hostnames,
        terms=MerchantTerms(
            finalization_window_days=window_days(profile.finalization_window_minutes),
            reporting_window_days=profile.reporting_window_days,
            coupons_allowed=profile.coupons_allowed,
            gift_cards_allowed=profile.gift_cards_allowed,
            exclusions=without_rates(profile.exclusion_details) or None,
            additional_terms=without_rates(profile.additional_terms) or None,
            terms_url=profile.terms_url or None,
        ),
    )


def is_shoppable(profile: MerchantProfile) -> bool:
    """SHOPPABLE, asked of one row."""
    return (
        profile.unlisted_since is None
        and profile.status in APPROVED
        and profile.is_live_ready is not False
    )
