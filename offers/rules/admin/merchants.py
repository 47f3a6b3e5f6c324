"""On a merchant's page: the reward rules that are for it alone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from offers.rules.models import RuleState, RuleVersion
from offers.rules.shown import pays, state_label, when
from rewards_site.kernel import clock
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel


def _rules_panel(request: HttpRequest, merchant: Any) -> list[Panel]:
    if not panels.may_view(request, RuleVersion):
        return []
    at = clock.now()
    versions = RuleVersion.objects.filter(merchant=merchant.pk).exclude(state=RuleState.WITHDRAWN)
    found = list(versions.select_related("rule", "merchant").order_by("-pk")[: ROWS_MAX + 1])
    return [
        Panel(
            title="Reward rules for it alone",
            headings=["Version", "State", "Pays", "When", "#Priority"],
            rows=[
                [
                    link(version, page_url(version)),
                    state_label(version, at),
                    pays(version),
                    when(version),
                    version.priority,
                ]
                for version in found[:ROWS_MAX]
            ],
            empty="None: it pays by the rules for every merchant, else the default share.",
            more_url=(
                list_url(RuleVersion, f"merchant={merchant.pk}") if len(found) > ROWS_MAX else ""
            ),
        )
    ]


_merchants: Any = RuleVersion._meta.get_field("merchant").related_model
panels.register(_merchants, _rules_panel)
