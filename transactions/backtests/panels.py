"""What a back-test came to, as tables of its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offers.models import Merchant
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text
from rewards_site.members.models import Member
from transactions.backtests.figures import margins


def result_panels(figures: Mapping[str, Any]) -> Iterator[Panel]:
    yield Panel(
        title="What it would cost",
        headings=[
            *("Currency", "#Orders", "#That differ", "#Commission", "#Reward as booked"),
            *("#Reward by this version", "#Difference", "#Margin as booked", "#Margin then"),
        ],
        rows=[_total_cells(*item) for item in figures["totals"].items()],
        empty="No order was bought in these days: nothing can be said of what it would cost.",
        note="Rewards of pending and final orders as they stand now. Points are no money: what "
        "they cost is known when they are redeemed.",
    )
    names = dict(
        Merchant.objects.filter(
            pk__in={merchant_id for merchant_id, _, _ in figures["by_brand"]}
        ).values_list("pk", "name")
    )
    yield Panel(
        title="Brands, the greatest difference first",
        headings=["Brand", "#Orders", "#That differ", "#As booked", "#Then", "#Difference"],
        rows=[
            _brand_cells(names.get(merchant_id, merchant_id or EMPTY), currency, sums)
            for merchant_id, currency, sums in figures["by_brand"]
        ],
        empty="No brand's orders would be rewarded differently.",
    )
    people = _members(figures)
    for title, rows in (
        ("Members who would have had most more", figures["winners"]),
        ("Members who would have had most less", figures["losers"]),
    ):
        yield Panel(
            title=title,
            headings=["Member", "#Difference"],
            rows=[
                [
                    link(people[key], page_url(people[key])) if key in people else EMPTY,
                    money_text(difference, currency),
                ]
                for currency, entries in rows.items()
                for difference, key in entries
            ],
            empty="Nobody.",
        )


def _total_cells(currency: str, sums: Mapping[str, int]) -> list[Any]:
    margin = margins(currency, dict(sums))
    kept = [EMPTY, EMPTY] if margin is None else [money_text(minor, currency) for minor in margin]
    if margin is not None and margin[1] < 0:
        kept[1] = label(kept[1], tone="warn")
    commission = money_text(sums["commission"], currency) if margin is not None else EMPTY
    amounts = (sums["now"], sums["then"], sums["then"] - sums["now"])
    cells = [money_text(minor, currency) for minor in amounts]
    return [currency, sums["orders"], sums["changed"], commission, *cells, *kept]


def _brand_cells(name: str, currency: str, sums: Mapping[str, int]) -> list[Any]:
    amounts = (sums["now"], sums["then"], sums["then"] - sums["now"])
    return [
        displayable(name),
        sums["orders"],
        sums["changed"],
        *(money_text(minor, currency) for minor in amounts),
    ]


def _members(figures: Mapping[str, Any]) -> dict[int, Member]:
    ids = {
        key
        for which in ("winners", "losers")
        for rows in figures[which].values()
        for _, key in rows
    }
    return Member.objects.in_bulk(ids)


def public_ids(figures: Mapping[str, Any]) -> dict[int, str]:
    return {key: str(member.public_id) for key, member in _members(figures).items()}
