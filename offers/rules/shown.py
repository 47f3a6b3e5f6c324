"""How versions read for staff: labels and panels, in the admin and on proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from offers.rules.models import ChangeKind, RewardRule, RuleChange, RuleState, RuleVersion
from offers.rules.recording import merchant_text
from offers.rules.reviewing import Example, examples_of
from offers.rules.store import promise_of, rule_of
from offers.rules.words import budget_text, for_text, pays_text, window_text
from rewards_site.kernel import clock
from rewards_site.kernel.admin.attention import Reader
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text, utc_text

_CHANGE_TONES = {
    ChangeKind.PUBLISHED: "good",
    ChangeKind.REPLACED: "quiet",
    ChangeKind.WITHDRAWN: "bad",
    ChangeKind.DELETED: "bad",
}


def state_label(version: RuleVersion, at: datetime) -> SafeString:
    """Where it stands at `at`: a published version may be still to come, or over."""
    if version.state == RuleState.DRAFT:
        return label("draft", tone="wait")
    if version.state == RuleState.WITHDRAWN:
        return label("withdrawn", tone="quiet")
    rule = rule_of(version)
    if rule.holds_at(at):
        return label("in force", tone="good")
    if rule.holds_until is not None and rule.holds_until <= at:
        return label("over", tone="quiet", text="published; its window is over")
    return label("to come", tone="wait", text="published; not begun yet")


def pays(version: RuleVersion) -> str:
    promise = promise_of(version)
    words = pays_text(promise)
    return displayable(f"promotion: {words}" if promise.is_promotion else words)


def for_whom(version: RuleVersion) -> str:
    return displayable(for_text(promise_of(version), merchant_text(version)))


def when(version: RuleVersion) -> str:
    return window_text(promise_of(version))


def versions_panel(rule: RewardRule, versions: Sequence[RuleVersion], at: datetime) -> Panel:
    return Panel(
        title="Versions, newest first",
        note="A published version stays as it is. The next one takes its place.",
        headings=["Version", "State", "Pays", "For", "When", "#Priority", "Published", "Withdrawn"],
        rows=[
            [
                link(f"v{version.number}", page_url(version)),
                state_label(version, at),
                pays(version),
                for_whom(version),
                when(version),
                version.priority,
                utc_text(version.published_at),
                utc_text(version.withdrawn_at),
            ]
            for version in versions[:ROWS_MAX]
        ],
        empty="No version is left: its draft was deleted. «New rule» of this name drafts it anew.",
        more_url=list_url(RuleVersion, f"rule={rule.pk}") if len(versions) > ROWS_MAX else "",
    )


def history_panel(rule: RewardRule, *, version: int | None = None) -> Panel:
    changes = RuleChange.objects.filter(rule=rule).select_related("actor", "approver")
    if version is not None:
        changes = changes.filter(version_number=version)
    rows = list(changes.order_by("-number")[: ROWS_MAX + 1])
    return Panel(
        title="Who did what, newest first",
        headings=["When", "Version", "What", "Details", "By", "Why"],
        rows=[
            [
                link(utc_text(change.at), page_url(change)),
                f"v{change.version_number}",
                change_label(change),
                details_html(change),
                who_text(change),
                displayable(change.reason),
            ]
            for change in rows[:ROWS_MAX]
        ],
        empty="Nothing was done with it yet.",
        more_url=list_url(RuleChange, f"rule={rule.pk}") if len(rows) > ROWS_MAX else "",
    )


def change_label(change: RuleChange) -> SafeString:
    kind = ChangeKind(change.kind)
    return label(kind.value, tone=_CHANGE_TONES.get(kind, "quiet"), text=kind.label)


def who_text(change: RuleChange) -> str:
    if change.approver is None:
        return str(change.actor)
    return f"{change.actor}, approved by {change.approver}"


def details_html(change: RuleChange) -> SafeString | str:
    """What was said before and after; conflicts that were accepted, in their words."""
    lines = [_difference(*told) for told in change.what]
    lines += [f"accepted: {text}" for text in change.acknowledged]
    shown = format_html_join("", '<span class="change">{}</span>', ((one,) for one in lines))
    return shown or EMPTY


def _difference(what: str, before: str, after: str) -> str:
    if not before:
        return displayable(f"{what}: {after}")
    return displayable(f"{what}: {before} → {after or 'nothing'}")


def conflicts_panel(conflicts: Sequence[str]) -> Panel:
    return Panel(
        title="Conflicts with other rules, as things stand",
        headings=["What"],
        rows=[[displayable(sentence)] for sentence in conflicts],
        empty="None: no rule competes with it, and it keeps none from winning.",
    )


def examples_panel(version: RuleVersion, at: datetime) -> Panel:
    note = "By the function that pays, as if no other rule were in force."
    if version.category:
        note += " Every line of these orders is of the category."
    return Panel(
        title="What a few orders would get",
        note=note,
        headings=["#Order", "#Commission", "#Reward", "#Left to you", "How"],
        rows=[_example_row(example) for example in examples_of(version, at=at)],
        empty="",
    )


def _example_row(example: Example) -> list[Any]:
    order, reward = example.order, example.reward
    return [
        money_text(order.order_total_minor, order.order_currency or ""),
        money_text(order.commission_minor, order.currency),
        money_text(reward.minor, reward.currency),
        money_text(reward.margin_minor, order.currency),
        reward.why,
    ]


def promotion_panels(payload: Mapping[str, Any], reader: Reader) -> list[Panel]:  # noqa: ARG001
    """What a proposal to publish a promotion is about, as the draft is now."""
    versions = RuleVersion.objects.select_related("rule", "merchant")
    version = versions.filter(pk=int(payload["version_id"])).first()
    if version is None:
        return []
    at = clock.now()
    promise = promise_of(version)
    accepted = [str(text) for text in payload["acknowledged"]]
    return [
        Panel(
            title="The promotion",
            headings=["Version", "State", "Pays", "For", "When", "#Budget"],
            rows=[
                [
                    link(version, page_url(version)),
                    state_label(version, at),
                    pays(version),
                    for_whom(version),
                    when(version),
                    budget_text(promise),
                ]
            ],
            empty="",
        ),
        Panel(
            title="Conflicts that the proposer accepted",
            headings=["What"],
            rows=[[displayable(text)] for text in accepted],
            empty="None: no other rule competes with it.",
        ),
        examples_panel(version, at),
    ]
