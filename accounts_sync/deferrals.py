"""Pure: why something was deferred, in classes, and what staff can do about each.

A class is read from the sentence that was kept with the event or row: the sentences are made by
fold.py, states.py, batch.py, the readers and the inbox, and tests hold this page to them.
"""

from __future__ import annotations

import re
from enum import StrEnum


class DeferralKind(StrEnum):
    """One class of reasons."""

    CHANGE = "change"
    """Another member, brand or category of a known order: the one class that can be accepted."""
    FINAL = "final"
    """Against a final state, or a second validated amount."""
    MISPLACED = "misplaced"
    """A `tx` id under another account or order than its own."""
    MODE = "mode"
    """Live words about a sandbox order, or the other way round."""
    CURRENCY = "currency"
    UNKNOWN = "unknown"
    """A category, currency or event type that nobody knows."""
    BOOKS = "books"
    """A balance cannot bear it, or no order is worth so much."""
    FAULT = "fault"
    """Ours, or the database's."""
    UNREADABLE = "unreadable"
    """A needed field is missing, of the wrong type, or contradicts another."""

    @property
    def what_to_do(self) -> str:
        return _WHAT_TO_DO[self]


_WHAT_TO_DO = {
    DeferralKind.CHANGE: "Ask Button if in doubt; then accept the change, keep ours, or reject.",
    DeferralKind.FINAL: "A final state never changes. Ask Button, then reject; money that is owed "
    "by their answer is corrected by an adjustment.",
    DeferralKind.MISPLACED: "A tx id stays with its first account and order. Ask Button, then "
    "reject.",
    DeferralKind.MODE: "Look which secret is set where; what is of the other mode is rejected.",
    DeferralKind.CURRENCY: "An account has one currency. Run sync_accounts and try again; else "
    "ask Button, then reject.",
    DeferralKind.UNKNOWN: "Wait for a release that knows it and try again, or reject.",
    DeferralKind.BOOKS: "Try again when the balance can bear it, or reject.",
    DeferralKind.FAULT: "It is tried again by itself. Tell whoever runs this program.",
    DeferralKind.UNREADABLE: "Button sent something incomplete; a later word usually follows. "
    "Reject it when that is there.",
}

_CHANGES = re.compile(r"the category changed from |the brand changed from |the member changed$")
_OTHERS: tuple[tuple[str, DeferralKind], ...] = (
    (r"internal error|other writers were faster|the stored body is no longer", DeferralKind.FAULT),
    (r"the database was not to be had", DeferralKind.FAULT),
    (r"the books refuse it", DeferralKind.BOOKS),
    (r".*, which is final$|validated a second time", DeferralKind.FINAL),
    (r".* belongs to (account|order) |.* was told without an order", DeferralKind.MISPLACED),
    (r"one mode of Button's", DeferralKind.MODE),
    (r"currency \S+ on account |the currency changed from ", DeferralKind.CURRENCY),
    (r"unknown (category|currency|transaction event) ", DeferralKind.UNKNOWN),
)


def kind_of(reason: str) -> DeferralKind:
    """The class of a reason; several sentences are a change only if each of them is one."""
    sentences = [text for text in reason.split("; ") if text]
    others = [kind for text in sentences if (kind := _of_one(text)) is not DeferralKind.CHANGE]
    if sentences and not others:
        return DeferralKind.CHANGE
    return others[0] if others else DeferralKind.UNREADABLE


def _of_one(sentence: str) -> DeferralKind:
    if _CHANGES.match(sentence):
        return DeferralKind.CHANGE
    for pattern, kind in _OTHERS:
        if re.match(pattern, sentence):
            return kind
    return DeferralKind.UNREADABLE
