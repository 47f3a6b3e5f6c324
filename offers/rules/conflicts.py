"""Pure: rules that compete, and rules that can never win; for ops, before one is published.

A draft is told as if it were published now. What is over before `since` is history, and no matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import combinations

from offers.rules.categories import name_of
from offers.rules.match import Rule
from offers.rules.terms import TermsKind

_NOBODY = ""
"""A merchant that no rule names: there is always another one."""


def overlaps(rules: Iterable[Rule], *, since: datetime | None = None) -> tuple[str, ...]:
    """Each pair that only the time of publishing decides between, or that cannot pay together.

    Versions of one rule do not compete: the later one is what the rule has become.
    """
    ordered = sorted(rules, key=lambda rule: rule.rank, reverse=True)
    return tuple(
        sentence
        for first, second in combinations(ordered, 2)
        if first.id != second.id
        for sentence in _conflict(first, second, since)
    )


def dead(rules: Iterable[Rule], *, since: datetime | None = None) -> tuple[str, ...]:
    """Each rule that never wins, whatever is bought when: with what goes before it."""
    ordered = sorted(rules, key=lambda rule: rule.rank, reverse=True)
    sentences = []
    for rule in ordered:
        if not _can_hold(rule):
            sentences.append(f"{_words(rule)} never holds: it is over before it begins.")
            continue
        span = _shared([rule], since)
        if span is None:
            continue
        winners = _winners(rule, ordered, span)
        if rule not in winners:
            names = ", ".join(_words(winner) for winner in winners)
            verb = "goes" if len(winners) == 1 else "go"
            sentences.append(f"{_words(rule)} can never win: {names} always {verb} before it.")
    return tuple(sentences)


_Span = tuple[datetime, datetime | None]


def _conflict(first: Rule, second: Rule, since: datetime | None) -> Iterator[str]:
    """What is wrong between two rules, of which `first` goes before `second`."""
    span = _shared([first, second], since)
    if span is None:
        return
    if _scope(first) == _scope(second):
        if first.priority == second.priority:
            when = _when(span, since)
            yield (
                f"{_words(first)} and {_words(second)} compete {_for(first)}, both with priority "
                f"{first.priority}, {when}: {_words(first)} goes first, as it was published later."
            )
        return
    category, other = (first, second) if first.category is not None else (second, first)
    if category.category is None or other.category is not None:
        return
    if category.terms.kind is TermsKind.SHARE and other.terms.kind is TermsKind.SHARE:
        return
    if category.rank > other.rank and _meet(category, other):
        yield (
            f"{_words(category)} pays nothing where {_words(other)} holds, {_when(span, since)}: a "
            "category has a share of its own only beside a share of the commission."
        )


def _scope(rule: Rule) -> tuple[str | None, str | None]:
    return rule.merchant_id, None if rule.category is None else name_of(rule.category)


def _meet(one: Rule, other: Rule) -> bool:
    """Whether there is a merchant that both are for."""
    return None in {one.merchant_id, other.merchant_id} or one.merchant_id == other.merchant_id


def _can_hold(rule: Rule) -> bool:
    return rule.holds_until is None or rule.holds_from < rule.holds_until


def _shared(rules: Sequence[Rule], since: datetime | None) -> _Span | None:
    """[from, until) in which all of `rules` hold, from `since` on; None where there is none."""
    starts = [rule.holds_from for rule in rules] + ([] if since is None else [since])
    ends = [rule.holds_until for rule in rules if rule.holds_until is not None]
    start, end = max(starts), min(ends, default=None)
    return None if end is not None and end <= start else (start, end)


def _winners(rule: Rule, ordered: Sequence[Rule], span: _Span) -> list[Rule]:
    """Who wins, while `rule` holds, what nothing but it and more general rules are for.

    If it loses that it loses all. Who wins changes only where one begins or ends to hold.
    """
    start, end = span
    merchant_id = _NOBODY if rule.merchant_id is None else rule.merchant_id
    names = frozenset[str]() if rule.category is None else frozenset({name_of(rule.category)})
    rivals = [rival for rival in ordered if rival.is_for(merchant_id, names)]
    edges = {start}
    for rival in rivals:
        for edge in (rival.holds_from, rival.holds_until):
            if edge is not None and start < edge and (end is None or edge < end):
                edges.add(edge)
    winners: dict[tuple[str, int], Rule] = {}
    for at in sorted(edges):
        winner = next(rival for rival in rivals if rival.holds_at(at))
        winners[winner.id, winner.version] = winner
    return list(winners.values())


def _words(rule: Rule) -> str:
    return f"«{rule.name or rule.id}» (version {rule.version})"


def _for(rule: Rule) -> str:
    merchant = "every merchant" if rule.merchant_id is None else rule.merchant_id
    return f"for {merchant}" + ("" if rule.category is None else f", category «{rule.category}»")


def _when(span: _Span, since: datetime | None) -> str:
    """A span that has begun says so, not when: the same words now and a minute later."""
    start, end = span
    begun = since is not None and start <= since
    begins = "from now" if begun else f"from {_utc(start)}"
    return f"{begins} on" if end is None else f"{begins} until {_utc(end)}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
