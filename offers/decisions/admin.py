"""What members were shown, as staff look it up and reckon it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from offers.clicks.words import listed_text, pays_text
from offers.decisions.listing import ShownBrand
from offers.decisions.models import RateDecision, ShownPayload
from offers.decisions.packing import Shown, unpacked
from offers.decisions.rederive import AgainBrand, rederive
from offers.models import Merchant
from offers.rules.terms import CategoryShare, Terms
from offers.shown_reward import ShownReward, label_of
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.text import EMPTY, displayable, label, utc_text
from rewards_site.members.models import Member

_ROWS_MAX = 500
_BEFORE = timedelta(hours=1)
_PANEL_ROWS_MAX = 10


@admin.register(RateDecision)
class RateDecisionAdmin(ReadOnlyAdmin[RateDecision]):
    list_display = ("shown_at", "member", "brand_count", "offer_count")
    list_select_related = ("member",)
    search_fields = ("=member__customer_id",)
    search_help_text = (
        "A whole customer id; or a UTC day (2026-11-20) or time (2026-11-20T12:05: the hour before "
        "it); or both."
    )
    linked_by = ("member",)
    fieldsets = (
        (None, {"fields": ("member", "shown_at", "asked_for", "brand_count", "offer_count")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "shown_at": "shown",
        "brand_count": "brands",
        "offer_count": "offers",
    }
    when_empty = (
        "Nothing was shown yet, or nothing of it is kept (RATE_DECISIONS_DAYS=0). Every answer of "
        "/api/v1/offers/ is kept here within seconds."
    )

    @admin.display(description="asked for")
    def asked_for(self, decision: RateDecision) -> str:
        shown = _read(decision)
        return displayable(shown.merchant_id or "every brand") if shown else EMPTY

    def title_of(self, row: RateDecision) -> str:
        return f"What {displayable(str(row.member))} was shown"

    def panels(self, request: HttpRequest, row: RateDecision) -> list[Panel]:
        shown = _read(row)
        if shown is None:
            return [_unreadable()]
        again = rederive(shown.brands, at=row.shown_at)
        return [_verdict(again), _offers(again, names=_names(shown)), _exclusions(shown)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RateDecision], search_term: str
    ) -> tuple[QuerySet[RateDecision], bool]:
        head, _, last = search_term.strip().rpartition(" ")
        span = _span(last)
        if span is None:
            return super().get_search_results(request, queryset, search_term)
        shown = queryset.filter(shown_at__gte=span[0], shown_at__lt=span[1])
        return super().get_search_results(request, shown, head)


@admin.register(ShownPayload)
class ShownPayloadAdmin(ReadOnlyAdmin[ShownPayload]):
    list_display = ("id", "day", "size")
    list_defer = ("digest",)
    fieldsets = ((None, {"fields": ("day", "size", "digest_hex")}),)
    when_empty = "Nothing was shown yet, or nothing of it is kept (RATE_DECISIONS_DAYS=0)."

    @admin.display(description="bytes")
    def size(self, payload: ShownPayload) -> str:
        return f"{len(payload.body):,}"

    @admin.display(description="SHA-256")
    def digest_hex(self, payload: ShownPayload) -> str:
        return bytes(payload.digest).hex()


def _span(text: str) -> tuple[datetime, datetime] | None:
    """The times that a search means: a whole day, or the hour before an instant and its minute."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    try:
        if len(text) <= len("2026-11-20"):
            return at, at + timedelta(days=1)
        return at - _BEFORE, at + timedelta(minutes=1)
    except OverflowError:
        return None


def _read(decision: RateDecision) -> Shown | None:
    try:
        return unpacked(decision.payload.body)
    except ValueError:
        return None


def _names(shown: Shown) -> dict[str, Merchant]:
    return Merchant.objects.in_bulk([brand.merchant_id for brand in shown.brands])


def _unreadable() -> Panel:
    return Panel(
        title="What was shown",
        headings=["Brand"],
        rows=[],
        empty="It was written by another version of this program, which alone can read it.",
    )


def _verdict(again: Sequence[AgainBrand]) -> Panel:
    """Whether the rules of then give the same, and what had to be taken from the decision."""
    different = [one for one in again if not one.is_same]
    rows: list[list[Any]] = [
        [
            label("different" if different else "same", tone="bad" if different else "good"),
            f"{len(different)} of {len(again)} brands come out otherwise today: a rule, or how "
            "rewards are reckoned, was changed since."
            if different
            else "The rules that were in force then give what was shown.",
        ]
    ]
    taken = dict.fromkeys(sentence for one in again for sentence in one.taken)
    rows += [[label("taken as shown", tone="quiet"), displayable(text)] for text in taken]
    return Panel(title="Reckoned again today", headings=["", "What"], rows=rows, empty="")


def _offers(again: Sequence[AgainBrand], *, names: dict[str, Merchant]) -> Panel:
    rows = [row for one in again for row in _offer_rows(one, names.get(one.brand.merchant_id))]
    left_out = len(rows) - _ROWS_MAX
    return Panel(
        title="What was shown, in this order",
        note=f"The first {_ROWS_MAX} of {len(rows)} offers." if left_out > 0 else "",
        headings=["Merchant", "Offer", "Listed", "Terms", "Shown", "Reckoned again"],
        rows=rows[:_ROWS_MAX],
        empty="No offers: Button had none for this member, or ops had switched all brands off.",
    )


def _offer_rows(one: AgainBrand, merchant: Merchant | None) -> Iterator[list[Any]]:
    brand = one.brand
    name = displayable(brand.merchant_id)
    if merchant is not None:
        name = link(merchant, page_url(merchant))
    then, now = _terms_text(brand.terms), _terms_text(one.terms)
    terms = then if one.has_same_terms else f"{then} — today: {now}"
    for again in one.offers:
        shown, offer = again.offer.reward, again.offer
        yield [
            name,
            displayable(offer.offer_id + (f" ({offer.category})" if offer.category else "")),
            listed_text(offer.listed),
            displayable(terms),
            label_of(shown),
            label("same") if again.is_same else label("different", tone="bad", text=_text(again)),
        ]


def _text(again: Any) -> str:
    reward: ShownReward | None = again.reward
    return "different: " + ("nothing can be reckoned" if reward is None else label_of(reward))


def _terms_text(terms: Terms) -> str:
    parts: list[Terms | CategoryShare] = [terms, *terms.category_shares]
    whats = ["", *(f"«{share.category}»: " for share in terms.category_shares)]
    said = "; ".join(what + pays_text(part) for what, part in zip(whats, parts, strict=True))
    return f"{said} ({terms.source})"


def _exclusions(shown: Shown) -> Panel:
    def row(brand: ShownBrand) -> list[Any]:
        return [displayable(brand.merchant_id), displayable("; ".join(brand.exclusions))]

    return Panel(
        title="What earned nothing, as it was shown",
        headings=["Merchant", "Exclusions"],
        rows=[row(brand) for brand in shown.brands if brand.exclusions][:_ROWS_MAX],
        empty="No brand of these told any exclusion.",
    )


def _decisions_panel(request: HttpRequest, member: Member) -> Sequence[Panel]:
    if not may_view(request, RateDecision):
        return []
    rows = RateDecision.objects.filter(member=member).order_by("-pk")[: _PANEL_ROWS_MAX + 1]
    decisions = list(rows)
    return [
        Panel(
            title="What offers the member was shown, newest first",
            headings=["Shown", "#Brands", "#Offers"],
            rows=[
                [link(utc_text(row.shown_at), page_url(row)), row.brand_count, row.offer_count]
                for row in decisions[:_PANEL_ROWS_MAX]
            ],
            empty="None, or nothing of it is kept any more (RATE_DECISIONS_DAYS).",
            more_url=(
                list_url(RateDecision, f"member={member.pk}")
                if len(decisions) > _PANEL_ROWS_MAX
                else ""
            ),
        )
    ]


panels.register(Member, _decisions_panel)
