"""The evidence of a claim, as staff reads it: small tables, each of one question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Q

from offers.clicks.admin import link_label
from offers.clicks.words import reward_text
from offers.decisions.models import RateDecision
from rewards_site.approvals.registry import has_perm
from rewards_site.button.schemas import APP_INSTALL
from rewards_site.kernel.admin.attention import Reader
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text, utc_text
from rewards_site.members.queries import rows_of
from transactions.adjustments.shown import adjustment_panels
from transactions.claims.choices import Answer
from transactions.claims.models import Claim
from transactions.claims.waits import WaitBasis, wait_of
from transactions.models import Transaction

_ROWS = 10
_AROUND = timedelta(days=14)
_BASES = {
    WaitBasis.RECORD: "by its own orders of late",
    WaitBasis.WINDOW: "by its reporting window: too few orders of ours tell",
    WaitBasis.DEFAULT: "by default: nothing is known of the brand",
}


def goodwill_panels(payload: Mapping[str, Any], reader: Reader) -> list[Panel]:
    """What a proposal of goodwill is about."""
    claim = Claim.objects.select_related("merchant", "click", "member").get(
        pk=int(payload["claim_id"])
    )
    shown = [claim_panel(claim)] if has_perm(reader, "claims.view_claim") else []
    return [*shown, *adjustment_panels(payload, reader)]


def claim_panel(claim: Claim) -> Panel:
    return Panel(
        title="The claim",
        headings=["Claim", "Filed", "Store", "Order told", "Total told", "Bought", "Note"],
        rows=[
            [
                link(claim, page_url(claim)),
                utc_text(claim.filed_at),
                claim.merchant or EMPTY,
                displayable(claim.order_reference) or EMPTY,
                _total(claim),
                utc_text(claim.purchased_at),
                displayable(claim.note) or EMPTY,
            ]
        ],
        empty="",
    )


def evidence_panels(claim: Claim, reader: Reader) -> Iterator[Panel]:
    """All that there is about a claim; each panel for who may read what it shows."""
    if _is_both(claim) and has_perm(reader, "transactions.view_transaction"):
        yield _both(claim)
    yield _steps(claim)
    if claim.click is None or claim.merchant_id is None:
        return
    if has_perm(reader, "clicks.view_click"):
        yield _tap(claim)
    if has_perm(reader, "rate_decisions.view_ratedecision"):
        yield _offers_shown(claim)
    if has_perm(reader, "transactions.view_transaction"):
        yield _orders(claim)
        yield _nobodys(claim)
    yield _similar(claim)
    yield _pace(claim)


def _is_both(claim: Claim) -> bool:
    return claim.answer == Answer.GOODWILL and claim.transaction is not None


def _both(claim: Claim) -> Panel:
    order = claim.transaction
    assert order is not None
    given = claim.adjustments.order_by("pk")
    return Panel(
        title="Goodwill was given, and the order came after all",
        note="Propose to take the goodwill back, or leave it. A declined order earns nothing.",
        headings=["What", "#Amount", "State"],
        rows=[
            *(
                [
                    link(f"goodwill, {row}", page_url(row)),
                    money_text(row.amount_minor, row.currency),
                    utc_text(row.approved_at),
                ]
                for row in given
            ),
            [
                link(f"reward of {order}", page_url(order)),
                money_text(order.reward_minor, order.reward_currency),
                label(order.status),
            ],
        ],
        empty="",
    )


def _steps(claim: Claim) -> Panel:
    steps = claim.steps.select_related("actor").order_by("number")
    return Panel(
        title="What happened",
        headings=["When", "What", "Answer", "By", "Why"],
        rows=[
            [
                utc_text(step.at),
                step.get_kind_display(),
                Answer(step.answer).label if step.answer else EMPTY,
                str(step.actor) if step.actor else EMPTY,
                displayable(step.reason) or EMPTY,
            ]
            for step in steps[:50]
        ],
        empty="",
    )


def _tap(claim: Claim) -> Panel:
    click = claim.click
    assert click is not None
    return Panel(
        title="The tap",
        note="Its page has the terms that were frozen with it.",
        headings=["Click", "Tapped", "Reward shown", "Link", "Said to earn nothing"],
        rows=[
            [
                link(click, page_url(click)),
                utc_text(click.clicked_at),
                reward_text(click.reward),
                link_label(click),
                "; ".join(displayable(str(line)) for line in click.exclusions) or EMPTY,
            ]
        ],
        empty="",
    )


def _offers_shown(claim: Claim) -> Panel:
    assert claim.click is not None
    shown = RateDecision.objects.filter(
        member__in=rows_of(claim.member_id), shown_at__lte=claim.click.clicked_at
    ).order_by("-pk")
    return Panel(
        title="Offers that the member was shown before the tap",
        headings=["Shown", "#Brands", "#Offers"],
        rows=[
            [link(utc_text(row.shown_at), page_url(row)), row.brand_count, row.offer_count]
            for row in shown[:3]
        ],
        empty="None on record: they are kept for a while only.",
    )


def _orders(claim: Claim) -> Panel:
    around = claim.purchased_at or (claim.click.clicked_at if claim.click else claim.filed_at)
    orders = Transaction.objects.filter(
        Q(click=claim.click)
        | Q(
            merchant=claim.merchant_id,
            purchased_at__range=(around - _AROUND, around + _AROUND),
        ),
        member__in=rows_of(claim.member_id),
    )
    return Panel(
        title="The member's orders at this brand around then",
        headings=["Order", "Bought", "Status", "#Total", "#Reward", "Of this tap"],
        rows=[
            [
                link(order, page_url(order)),
                utc_text(order.purchased_at),
                label(order.status),
                _order_total(order),
                money_text(order.reward_minor, order.reward_currency),
                "yes" if order.click_id == claim.click_id else "no",
            ]
            for order in orders.order_by("-purchased_at")[:_ROWS]
        ],
        empty="None within two weeks of it.",
        more_url=list_url(Transaction, f"member={claim.member_id}"),
    )


def _nobodys(claim: Claim) -> Panel:
    """Orders that wait for their member: one of them may be this one."""
    assert claim.click is not None
    around = claim.purchased_at or claim.click.clicked_at
    waiting = Q(member__isnull=True, is_test=False) & ~Q(category=APP_INSTALL)
    orders = Transaction.objects.filter(
        waiting
        & (
            Q(pub_ref=claim.click.pub_ref)
            | Q(
                merchant=claim.merchant_id,
                purchased_at__range=(around - _AROUND, around + _AROUND),
            )
        )
    )
    return Panel(
        title="Orders of this brand that name nobody",
        note="Name the member on the order's page, and the claim is answered by it.",
        headings=["Order", "Bought", "#Total", "Names this tap"],
        rows=[
            [
                link(order, page_url(order)),
                utc_text(order.purchased_at),
                _order_total(order),
                "yes" if order.pub_ref == claim.click.pub_ref else "no",
            ]
            for order in orders.order_by("-pk")[:_ROWS]
        ],
        empty="None within two weeks of it.",
    )


def _similar(claim: Claim) -> Panel:
    others = Claim.objects.filter(
        Q(member__in=rows_of(claim.member_id)) | Q(merchant=claim.merchant_id)
    ).exclude(pk=claim.pk)
    rows = others.select_related("merchant", "member").order_by("-pk")[:_ROWS]
    return Panel(
        title="Other claims of the member, or about the brand",
        headings=["Claim", "Filed", "Store", "Member", "Verdict", "Answer"],
        rows=[
            [
                link(utc_text(row.filed_at), page_url(row)),
                utc_text(row.filed_at),
                row.merchant or EMPTY,
                "the same" if row.member_id == claim.member_id else "another",
                row.verdict,
                Answer(row.answer).label if row.answer else label("open"),
            ]
            for row in rows
        ],
        empty="None.",
    )


def _pace(claim: Claim) -> Panel:
    assert claim.merchant_id is not None
    wait = wait_of(claim.merchant_id)
    return Panel(
        title="How long this brand's orders take to be told",
        headings=["Nine of ten within", "By what", "#Orders"],
        rows=[[f"{wait.hours} hours", _BASES[wait.basis], str(wait.sample_size or EMPTY)]],
        empty="",
    )


def _total(claim: Claim) -> str:
    return (
        EMPTY
        if claim.order_total_minor is None
        else money_text(claim.order_total_minor, claim.order_currency)
    )


def _order_total(order: Transaction) -> str:
    return money_text(order.order_total_minor, order.order_currency)
