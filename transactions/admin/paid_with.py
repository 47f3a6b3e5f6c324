"""On a redemption's page: of which orders, and what else, its money is."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest

from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.text import money_text, utc_text
from rewards_site.members.queries import holders
from transactions.explaining.lots import holder_of
from transactions.explaining.parts import explain
from transactions.explaining.telling import order_ids
from transactions.models import Transaction
from transactions.redemptions.models import Redemption


def redemption_panels(request: HttpRequest, row: Redemption) -> Iterator[Panel]:
    if not may_view(request, Transaction):
        return
    member_id = holders({row.member_id})[row.member_id]
    parts = explain(member_id, row.currency).held_by(holder_of(f"redemption/{row.pk}"))
    keys = order_ids({part.origin for part in parts})
    orders = {keys[pk]: order for pk, order in Transaction.objects.in_bulk(keys).items()}
    yield Panel(
        title="Of which orders its money is",
        note="The money that was available longest goes out first. The parts are all of it.",
        headings=["From", "#Amount", "Available since"],
        rows=[
            [
                link(f"order {orders[part.origin]}", page_url(orders[part.origin]))
                if part.origin in orders
                else part.origin,
                money_text(part.amount_minor, row.currency),
                utc_text(part.at),
            ]
            for part in parts
        ],
        empty="Of none: it has gone back to what is available.",
    )


panels.register(Redemption, redemption_panels)
