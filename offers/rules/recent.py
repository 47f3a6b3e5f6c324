"""rule_history() without reading it again while nobody published or withdrew anything.

A published version never changes, is never deleted, and is withdrawn at most once (guards.py). So
two counts and what was published last say whether the history is still the one that was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from offers.rules.match import Rule
from offers.rules.store import rule_history, rules_for_clicks
from rewards_site.kernel.rows import Question, ask

_EDITION_SQL = """
SELECT count(*), count(withdrawn_at), max(id), max(content_hash)
FROM rules_ruleversion WHERE state <> 'draft'"""


@dataclass(frozen=True, slots=True)
class Edition:
    """Which history it is. The greatest digest tells apart what only tests mix up: databases."""

    published: int
    withdrawn: int
    last: int | None
    digest: str | None


_read: tuple[Edition, tuple[Rule, ...]] | None = None


def asked_edition() -> Question[Edition]:
    """To travel with other questions; a few rows are looked at."""
    return Question(_EDITION_SQL, [], _editions)


def rules_of(edition: Edition) -> tuple[Rule, ...]:
    """The history as of an edition that was just asked for, or newer; kept for the process."""
    global _read  # noqa: PLW0603  # one slot, replaced whole: threads may read it twice, never half
    kept = _read
    if kept is None or kept[0] != edition:
        kept = (edition, rule_history() if edition.published else ())
        _read = kept
    return kept[1]


def offered_rules(at: datetime) -> tuple[Rule, ...]:
    """rules_for_clicks(), asked in full only while a promotion holds."""
    history = rules_of(ask(asked_edition())[0][0])
    if any(rule.terms.is_promotion and rule.holds_at(at) for rule in history):
        return rules_for_clicks(at)
    return history


def _editions(found: Sequence[Sequence[Any]]) -> list[Edition]:
    return [Edition(*row) for row in found]
