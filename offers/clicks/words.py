"""What a member was promised, as staff read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offers.clicks.listing import Listed
from offers.rules.models import RuleVersion
from offers.rules.terms import CategoryShare, Conditions, Terms, TermsKind
from offers.rules.words import amount_text, percent_text
from offers.shown_reward import RewardType, ShownReward, label_of
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, displayable
from rewards_site.kernel.currencies import POINTS


def listed_text(listed: Listed) -> str:
    """The commission that Button listed: «6.5 %», «12.50 USD». For staff alone."""
    return f"{listed.value} {listed.currency or '%'}"


def reward_text(stored: Mapping[str, Any]) -> str:
    """A stored reward, as an app shows it; as it stands where it is none of ours."""
    try:
        reward = ShownReward(
            type=RewardType(stored["type"]),
            value=str(stored["value"]),
            currency=stored["currency"],
        )
        return label_of(reward)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return displayable(str(stored))


def terms_panel(stored: Mapping[str, Any], *, may_view_rules: bool) -> Panel:
    """Terms as they were frozen, with the version of the rule that each part came from."""
    try:
        terms = Terms.from_json(stored)
    except (KeyError, TypeError, ValueError):
        rows = [["Terms of another shape", displayable(str(dict(stored))), EMPTY]]
    else:
        versions = _versions([terms, *terms.category_shares]) if may_view_rules else {}
        rows = [["Orders", pays_text(terms), _source(terms, terms.source, versions)]]
        rows += [
            [
                f"Lines of «{displayable(share.category)}»",
                pays_text(share),
                _source(share, "the rule of this category", versions),
            ]
            for share in terms.category_shares
        ]
    return Panel(
        title="Terms, as they were frozen",
        note="Orders of this click are paid by them, whatever the rules say later.",
        headings=["What", "Pays", "By"],
        rows=rows,
        empty="None.",
    )


def pays_text(terms: Terms | CategoryShare) -> str:
    """«50 % of the commission, at most 5.00 USD an order»."""
    return ", ".join([_worth(terms), *_conditions(terms)])


def _worth(terms: Terms | CategoryShare) -> str:
    kind = terms.kind if isinstance(terms, Terms) else TermsKind.SHARE
    match kind:
        case TermsKind.SHARE:
            return f"{percent_text(terms.share_bps)} of the commission"
        case TermsKind.FIXED:
            assert isinstance(terms, Terms)
            return f"{amount_text(terms.fixed_minor, terms.currency or '')} an order"
        case TermsKind.POINTS_FIXED | TermsKind.POINTS_PER_UNIT:
            assert isinstance(terms, Terms)
            each = "order" if kind is TermsKind.POINTS_FIXED else f"{terms.currency} of commission"
            return f"{terms.points:f} points for each {each}"


def _conditions(terms: Terms | CategoryShare) -> Iterator[str]:
    if terms.currency is not None:
        yield f"only for a commission in {terms.currency}"
    if terms.cap_minor is not None:
        is_points = isinstance(terms, Terms) and terms.is_points
        yield f"at most {amount_text(terms.cap_minor, POINTS if is_points else _money(terms))}"
    if terms.minimum_order_minor is not None:
        currency = terms.minimum_currency or _money(terms)
        yield f"from an order of {amount_text(terms.minimum_order_minor, currency)} on"
    if terms.is_promotion:
        yield "a promotion"


def _money(terms: Conditions) -> str:
    return terms.currency or ""


def _source(terms: Conditions, words: str, versions: Mapping[tuple[str, int], str]) -> Any:
    if terms.rule_id is None or terms.version is None:
        return displayable(words)
    return link(words, versions.get((terms.rule_id, terms.version), ""))


def _versions(parts: list[Terms | CategoryShare]) -> dict[tuple[str, int], str]:
    """(rule id, version) → its page in the admin."""
    rules = {part.rule_id for part in parts if part.rule_id is not None}
    found = RuleVersion.objects.filter(rule__public_id__in=rules).select_related("rule")
    return {(str(row.rule.public_id), row.number): page_url(row) for row in found if rules}
