"""Which row is whose account: finding and opening them. What is on them is posting's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from rewards_site.kernel import rows
from rewards_site.kernel.rows import Question, Write
from transactions.ledger.chart import AccountKey, AccountKind
from transactions.ledger.models import Account

KnownAccounts = Mapping[AccountKey, Account]
EARNING_ACCOUNTS = frozenset(AccountKind) - {
    AccountKind.REDEEMING,
    AccountKind.PAID_OUT,
    AccountKind.OPENING_BALANCES,
    AccountKind.ADJUSTMENTS,
    AccountKind.EXPIRED,
}
"""All that an order can move."""
NO_ACCOUNTS: KnownAccounts = MappingProxyType({})


def sort_key(key: AccountKey) -> tuple[str, str, int, str]:
    return (key.kind, key.currency, key.member_id or 0, key.merchant_id or "")


def opened_accounts(wanted: Iterable[AccountKey]) -> dict[AccountKey, Account]:
    """The accounts of these keys, opened where missing.

    Nothing is locked yet: whoever opens accounts waits, at most, for others who open them in the
    same order, and holds no account that those could want.
    """
    keys = sorted(set(wanted), key=sort_key)
    if not keys:
        return {}
    found = _read(keys)
    missing = [key for key in keys if key not in found]
    if missing:
        opened = [
            Account(
                kind=key.kind,
                currency=key.currency,
                member_id=key.member_id,
                merchant_id=key.merchant_id,
            )
            for key in missing
        ]
        found |= _read(missing, after=rows.insert_missing(opened))
    return {key: found[key] for key in keys}


def _read(keys: Sequence[AccountKey], *, after: Sequence[Write] = ()) -> dict[AccountKey, Account]:
    asked = question_of(
        kinds={key.kind for key in keys},
        currencies={key.currency for key in keys},
        member_ids={key.member_id for key in keys if key.member_id is not None},
        merchant_ids={key.merchant_id for key in keys if key.merchant_id is not None},
    )
    return by_key(rows.ask(asked, after=after)[0])


def question_of(
    *,
    kinds: Collection[AccountKind] = EARNING_ACCOUNTS,
    currencies: Collection[str],
    member_ids: Collection[int],
    merchant_ids: Collection[str],
) -> Question[Account]:
    """The accounts there are of these, of members, of brands, and of neither; nothing is locked.

    Which row is whose never changes: it may be asked long before prepare(). What is on it does.
    """
    what: dict[str, Collection[str]] = {"kind": kinds, "currency": currencies}
    return rows.rows_of(
        Account,
        {"member_id": member_ids, **what},
        {"member_id": None, "merchant_id": merchant_ids, **what},
        {"member_id": None, "merchant_id": None, **what},
    )


def by_key(found: Iterable[Account]) -> dict[AccountKey, Account]:
    """The answer to question_of(), by key."""
    return {
        AccountKey(AccountKind(row.kind), row.currency, row.member_id, row.merchant_id): row
        for row in found
    }
