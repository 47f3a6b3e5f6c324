"""What the books must be like, whoever wrote them at once."""

from __future__ import annotations

from transactions.ledger.models import Account, Entry
from transactions.models import Transaction
from transactions.verify import verify_ledger


def numbers_without_gap() -> None:
    """Every member's account numbers its entries 1, 2, 3 …, each once."""
    for account in Account.objects.filter(member__isnull=False):
        entries = Entry.objects.filter(account=account).order_by("number")
        numbers = list(entries.values_list("number", flat=True))
        assert numbers == list(range(1, account.entry_count + 1)), account


def revisions_without_gap() -> None:
    """Every order numbers its revisions, and no two of them share a group of entries."""
    for order in Transaction.objects.prefetch_related("revisions"):
        numbers = sorted(revision.number for revision in order.revisions.all())
        assert numbers == list(range(1, order.revision_count + 1)), order


def books_are_right() -> None:
    """Balanced, gapless, and the same as when they are derived again from what was told."""
    numbers_without_gap()
    revisions_without_gap()
    assert verify_ledger().differences == []
