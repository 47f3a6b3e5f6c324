"""What a batch of observations names, read before any lock, in one round trip.

Button accounts and brands that are missing are opened here, sorted by key; and here is said what
cannot be booked whatever else is known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from offers.clicks.queries import ClickFacts, asked_by_pub_ref, clicks_by_pub_ref
from offers.models import Merchant
from offers.queries import asked_overlays
from offers.rules.recent import Edition, asked_edition
from offers.rules.terms import Terms
from rewards_site.button.schemas import CATEGORIES, TransactionObservation
from rewards_site.kernel.currencies import EXPONENTS
from rewards_site.kernel.db import insert_missing, overwrite
from rewards_site.kernel.rows import ask, find, rows_of
from rewards_site.members.customer_ids import is_customer_id
from rewards_site.members.models import Member
from rewards_site.members.queries import holder_id
from transactions.clicked import NO_CLICKS, Clicked, Clicks
from transactions.models import ButtonAccount, Transaction, TransactionChild
from transactions.releases.policy import Policies, asked_policies, policies_told
from transactions.told import Outcome, Told, deferred

AMOUNT_MINOR_MAX = 10**15
"""More than any order is worth. Totals have 64 bits and only grow: one absurd amount, booked and
taken back, must not use up a member's account for good."""


@dataclass(slots=True)
class Known:
    """The rows that a batch names, as they are before any lock; read in one round trip."""

    accounts: dict[str, ButtonAccount]
    merchants: dict[str, Merchant]
    children: list[TransactionChild]
    orders: list[Transaction]
    """Those that the batch names by their keys, and those of the children."""
    members: dict[str, int]
    """customer id → pk of its member, of those that the batch names."""
    pub_refs: set[str]
    """Those that the batch tells."""
    clicks: Clicks
    """By `pub_ref`, as far as the batch names clicks of ours."""
    rules: Edition
    """Of the reward rules."""
    releases: Policies
    """When final rewards become available."""
    shown_names: dict[str, str]
    """merchant id → what ops call it, where they do."""

    def stores(self) -> dict[str, str]:
        """merchant id → its name as members read it."""
        names = {key: row.name for key, row in self.merchants.items()}
        return names | {key: name for key, name in self.shown_names.items() if name}


def read_known(batch: Sequence[Told]) -> Known:
    """Everything that the batch names, one statement a table."""
    observations = [told.observation for told in batch]
    pub_refs = {told.pub_ref for told in observations if told.pub_ref}
    brands = {told.merchant_id for told in observations if told.merchant_id}
    clicks = asked_by_pub_ref(pub_refs)
    accounts, merchants, children, orders, members, rules, releases, overlays, *clicked = ask(
        rows_of(ButtonAccount, {"account_id": {told.account_id for told in observations}}),
        rows_of(Merchant, {"merchant_id": brands}),
        rows_of(TransactionChild, {"tx_id": {told.tx_id for told in observations}}),
        rows_of(
            Transaction,
            {
                "account_id": {told.account_id for told in observations},
                "order_key": {told.button_order_id or told.tx_id for told in observations},
            },
        ),
        rows_of(
            Member,
            {
                "customer_id": {
                    name
                    for told in observations
                    for name in (told.publisher_customer_id, told.pub_ref)
                    if is_customer_id(name)
                }
            },
        ),
        asked_edition(),
        asked_policies(),
        asked_overlays(brands),
        *([clicks] if clicks is not None else []),
    )
    elsewhere = {child.transaction_id for child in children} - {order.pk for order in orders}
    if elsewhere:  # a `button_order_id` that was told later than its `tx` id
        orders += find(Transaction, {"id": elsewhere})
    return Known(
        accounts={row.pk: row for row in accounts},
        merchants={row.pk: row for row in merchants},
        children=children,
        orders=orders,
        members={row.customer_id: holder_id(row) for row in members},
        pub_refs=pub_refs,
        rules=rules[0],
        releases=policies_told(releases),
        shown_names={row.merchant_id: row.shown_name for row in overlays},
        clicks=_clicked(dict(clicked[0])) if clicked else NO_CLICKS,
    )


def read_clicks(pub_refs: Collection[str]) -> Clicks:
    """The clicks of these references; no statement where none can be one of ours."""
    return _clicked(clicks_by_pub_ref(pub_refs))


def _clicked(found: Mapping[str, ClickFacts]) -> Clicks:
    return {
        ref: Clicked(
            pk=click.pk,
            member_id=click.holder_id,
            customer_id=click.holder_customer_id,
            merchant_id=click.merchant_id,
            clicked_at=click.clicked_at,
            terms=Terms.from_json(click.terms),
        )
        for ref, click in found.items()
    }


def open_accounts(batch: Sequence[Told], known: Known, *, at: datetime) -> dict[str, ButtonAccount]:
    """The Button accounts named, opened with the currency told where none is known yet."""
    currencies: dict[str, str] = {}
    for told in batch:
        currencies.setdefault(told.observation.account_id, told.observation.currency)
    accounts = known.accounts
    missing = sorted(currencies.keys() - accounts.keys())
    if missing:
        insert_missing(
            ButtonAccount(account_id=key, currency=currencies[key], first_seen_at=at)
            for key in missing
        )
        accounts |= {row.pk: row for row in find(ButtonAccount, {"account_id": missing})}
    return accounts


def unknown(observation: TransactionObservation) -> Outcome | None:
    """Why an observation can't be booked whatever else is known."""
    if observation.category not in CATEGORIES:
        return deferred(f"unknown category {observation.category!r}")
    if observation.currency not in EXPONENTS:
        return deferred(f"unknown currency {observation.currency!r}")
    if abs(observation.amount_minor) > AMOUNT_MINOR_MAX:
        return deferred(
            f"the books refuse it: {observation.amount_minor} is past "
            f"{AMOUNT_MINOR_MAX} minor units"
        )
    return None


def objection(
    observation: TransactionObservation, accounts: dict[str, ButtonAccount]
) -> Outcome | None:
    """Why an observation can't be booked on the account it names."""
    account = accounts[observation.account_id]
    if observation.currency != account.currency:
        return deferred(
            f"currency {observation.currency} on account {account.account_id}, "
            f"which is in {account.currency}",
            is_retried=account.confirmed_at is None,
        )
    return None


def ensure_merchants(batch: Sequence[Told], known: Known, *, at: datetime) -> None:
    """Make brands at first sight, and name those that were made without a name."""
    names: dict[str, str] = {}
    for told in batch:
        merchant_id = told.observation.merchant_id
        if merchant_id:
            names[merchant_id] = told.observation.merchant_name or names.get(merchant_id, "")
    insert_missing(
        Merchant(merchant_id=key, name=(names[key] or key)[:255], first_seen_at=at)
        for key in sorted(names.keys() - known.merchants.keys())
    )
    unnamed = [
        row for key, row in sorted(known.merchants.items()) if row.is_unnamed and names.get(key)
    ]
    for row in unnamed:
        row.name = names[row.merchant_id][:255]
    overwrite(unnamed, ["name"])
    for key, name in names.items():
        known.shown_names.setdefault(key, "" if key in known.merchants else (name or key)[:255])
