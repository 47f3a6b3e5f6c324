"""Members who have spent some of what they earned; there are no redemptions yet."""

from __future__ import annotations

from uuid import uuid4

from rewards_site.kernel.db import atomic
from rewards_site.members.models import Member
from tests.factories import MEMBER
from transactions.ledger.chart import AccountKey, AccountKind, GroupKind
from transactions.ledger.models import Account
from transactions.ledger.posting import GroupDraft, Posting, post
from transactions.verify import verify_ledger


def earned(customer_id: str = MEMBER, currency: str = "USD") -> int:
    """The member's `lifetime_earned`, in minor units."""
    rows = Account.objects.filter(
        member__customer_id=customer_id, currency=currency, kind=AccountKind.AVAILABLE
    )
    return sum(row.earned_minor for row in rows)


def spend(customer_id: str, amount_minor: int, currency: str = "USD") -> None:
    """Put so much of the member's available balance aside, as a redemption will."""
    _take(customer_id, amount_minor, currency, into=AccountKind.REDEEMING)


def pay_out(customer_id: str, amount_minor: int, currency: str = "USD") -> None:
    """Pay so much of it out, as the end of a redemption will."""
    _take(customer_id, amount_minor, currency, into=AccountKind.PAID_OUT)


def _take(customer_id: str, amount_minor: int, currency: str, *, into: AccountKind) -> None:
    member_id = Member.objects.get(customer_id=customer_id).pk
    available, taken = (
        AccountKey(kind, currency, member_id=member_id) for kind in (AccountKind.AVAILABLE, into)
    )
    posting = Posting(debit=available, credit=taken, amount_minor=amount_minor)
    with atomic():
        cause = f"{_CAUSE}/{uuid4()}"
        draft = GroupDraft(cause=cause, kind=GroupKind.RETURN, postings=(posting,))
        assert cause in post([draft]).group_ids


def differences() -> list[str]:
    """What verify_ledger() finds, but for the groups of spend(), which nothing caused."""
    found = [str(difference) for difference in verify_ledger().differences]
    return [text for text in found if f"({_CAUSE}/" not in text]


_CAUSE = "spent"
