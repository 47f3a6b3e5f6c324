"""What speaks for and against redemptions, for whoever approves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rewards_site.approvals.registry import has_perm
from rewards_site.kernel import clock
from rewards_site.kernel.admin.attention import Reader
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import displayable, money_text
from transactions.redemptions.evidence import evidence_of
from transactions.redemptions.models import Redemption


def evidence_panel(rows: Sequence[Redemption], *, at: datetime) -> Panel:
    found = evidence_of(rows, at=at)
    return Panel(
        title="Evidence",
        headings=[
            *("Member", "#Amount", "#Known for", "#Earned so far", "First", "Speaks against it")
        ],
        rows=[
            [
                displayable(str(row.member)),
                link(money_text(row.amount_minor, row.currency), page_url(row)),
                f"{found[row.pk].member_days} days",
                money_text(found[row.pk].earned_minor, row.currency),
                "yes" if found[row.pk].is_first else "no",
                "; ".join(found[row.pk].against) or "nothing",
            ]
            for row in rows
        ],
        empty="",
    )


def approval_panels(payload: Mapping[str, Any], reader: Reader) -> list[Panel]:
    """The same of a proposal to approve one, for whoever may see it."""
    rows = Redemption.objects.select_related("member").filter(pk=int(payload["redemption_id"]))
    if not has_perm(reader, "redemptions.view_redemption"):
        return []
    return [evidence_panel(list(rows), at=clock.now())]
