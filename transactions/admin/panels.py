"""An order's page: its children, each as it was last told."""

from __future__ import annotations

from collections.abc import Sequence

from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel
from rewards_site.kernel.admin.text import label, money_text, utc_text
from transactions.models import Transaction, TransactionChild


def children_of(row: Transaction) -> list[TransactionChild]:
    """All of them, or the first fifty and one more."""
    return list(row.children.order_by("pk")[: ROWS_MAX + 1])


def children_panel(row: Transaction, children: Sequence[TransactionChild]) -> Panel:
    return Panel(
        title="Children",
        note="Button's tx ids of this order, each as it was last told. One of them decides.",
        headings=["tx id", "Status", "#Commission", "Created", "Modified", "Last told by"],
        rows=[
            [
                link(child.tx_id, page_url(child)),
                label(child.status),
                money_text(child.amount_minor, row.currency),
                utc_text(child.created_at),
                utc_text(child.modified_at),
                child.source,
            ]
            for child in children[:ROWS_MAX]
        ],
        empty="This order has no child; that cannot be. Run manage.py verify_ledger.",
        more_url=list_url(TransactionChild, f"transaction={row.pk}")
        if len(children) > ROWS_MAX
        else "",
    )
