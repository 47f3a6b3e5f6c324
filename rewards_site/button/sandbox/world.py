"""The sandbox's state: who there is, what was ordered, and what became of it.

Every method may be called from any thread. A transaction that changes makes an event; whoever
listens gets it while the world is still locked, so that events of one transaction keep their order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rewards_site.button.sandbox import catalog, wire
from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.clock import in_milliseconds, in_seconds
from rewards_site.button.sandbox.keys import Keyring
from rewards_site.button.sandbox.records import (
    APP_INSTALL,
    Account,
    Basket,
    Brand,
    Event,
    Line,
    Order,
    Organization,
    Purchase,
    Status,
    Transaction,
    TxIds,
)
from rewards_site.kernel.currencies import EXPONENTS
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound

DEFAULT_API_KEY = "sk-sandbox-0000000000000000"


class World:
    """All that this Button knows. `seed` names its orders, not its accounts and brands."""

    def __init__(
        self,
        *,
        seed: int = 1,
        api_keys: Sequence[str] = (DEFAULT_API_KEY,),
        tx_ids: TxIds = TxIds.SAME,
    ) -> None:
        self.seed = seed
        self.tx_ids = tx_ids
        self.lock = threading.RLock()
        self.listeners: list[Callable[[Event], None]] = []
        self.before_orders: list[Callable[[Purchase], Purchase]] = []
        """Each gets a purchase before it is reported, and may change it."""
        self.keyring = Keyring(api_keys)
        self.organizations = self.keyring.publishers
        self.brands: dict[str, Brand] = {brand.id: brand for brand in catalog.ALL_BRANDS}
        self.orders: list[Order] = []
        self.version = 0
        """Counts what happened to transactions: as long as it stays, so do their lists."""
        self._accounts: dict[tuple[str, str], Account] = {}
        self._by_order_id: dict[str, Order] = {}

    # Who there is ---------------------------------------------------------------------------------

    def accounts_of(self, organization: Organization) -> list[Account]:
        """The accounts that exist by now: one per currency that a transaction was made in."""
        with self.lock:
            return [
                account
                for account in self._accounts.values()
                if account.organization == organization
            ]

    def brand(self, brand_id: str, *, name: str | None = None) -> Brand:
        """The brand of this id; one not heard of yet is taken in under `name`."""
        with self.lock:
            known = self.brands.get(brand_id)
            if known is None:
                known = Brand(id=brand_id, name=name or f"Brand {brand_id}")
                self.brands[brand_id] = known
            return known

    def transactions_of(self, organization: Organization) -> list[Transaction]:
        """In the order of their making, over all accounts. Read them under the lock."""
        with self.lock:
            return [
                transaction
                for order in self.orders
                if order.account.organization == organization
                for transaction in order.transactions
            ]

    def order(self, button_order_id: str) -> Order:
        """Raises: NotFound."""
        with self.lock:
            try:
                return self._by_order_id[button_order_id]
            except KeyError:
                raise NotFound(f"Could not find {button_order_id}") from None

    # What happens ---------------------------------------------------------------------------------

    def report(
        self,
        purchase: Purchase,
        *,
        at: datetime,
        status: Status = Status.PENDING,
        shares: Mapping[str, Basket] | None = None,
    ) -> Order:
        """The brand reports an order; first sight may be a final state.

        `shares`, by currency, are its commission's parts in other accounts (sheet, 6.3).
        Raises: InvalidInput.
        """
        with self.lock:
            order_id = make_id("btnorder", self.seed, purchase.key)
            for before in self.before_orders:
                purchase = before(purchase)
            if purchase.currency in (shares or {}):
                raise InvalidInput(f"a share in {purchase.currency}: that is the order's account")
            order = self._open(purchase, button_order_id=order_id, status=status, at=at)
            for currency, basket in (shares or {}).items():
                share = replace(
                    purchase,
                    key=f"{purchase.key}/{currency}",
                    currency=currency,
                    order_currency=purchase.order_currency or purchase.currency,
                    basket=basket,
                )
                order.shares.append(
                    self._open(share, button_order_id=order_id, status=status, at=at, of=order)
                )
            return order

    def install(self, purchase: Purchase, *, commission: int, at: datetime) -> Order:
        """An app install: validated at once, nothing said of an order. Raises: InvalidInput."""
        line = Line(identifier=None, amount=0, commission=commission)
        bought = replace(purchase, category=APP_INSTALL, basket=(line,), channel=None)
        return self._open(bought, button_order_id=None, status=Status.VALIDATED, at=at)

    def adjust(
        self,
        button_order_id: str,
        basket: Basket,
        *,
        at: datetime,
        shares: Mapping[str, Basket] | None = None,
    ) -> Order:
        """The brand changes a pending order; `shares` by currency, the others stay.

        Raises: NotFound (a share too), Conflict (it is final).
        """
        with self.lock:
            order = self._pending(button_order_id)
            known = {share.account.currency: share for share in order.shares}
            for currency in shares or {}:
                if currency not in known:
                    raise NotFound(f"{button_order_id} has no share in {currency}")
            self._adjust(order, basket, at=at)
            for currency, of_share in (shares or {}).items():
                self._adjust(known[currency], of_share, at=at)
            return order

    def validate(
        self, button_order_id: str, *, at: datetime, basket: Basket | None = None
    ) -> Order:
        """The window is over; with a `basket`, the last figure differs from the one before.

        Raises: NotFound, Conflict (it is final).
        """
        return self._finish(button_order_id, status=Status.VALIDATED, basket=basket, at=at)

    def decline(self, button_order_id: str, *, at: datetime) -> Order:
        """The whole order is cancelled. Raises: NotFound, Conflict (it is final)."""
        return self._finish(button_order_id, status=Status.DECLINED, basket=None, at=at)

    # How it is kept -------------------------------------------------------------------------------

    def _open(
        self,
        purchase: Purchase,
        *,
        button_order_id: str | None,
        status: Status,
        at: datetime,
        of: Order | None = None,
    ) -> Order:
        if purchase.currency not in EXPONENTS:
            raise InvalidInput(
                f"{purchase.currency!r} is not an ISO 4217 currency", fields={"currency": "unknown"}
            )
        with self.lock:
            account = self._account(purchase.organization, purchase.currency)
            order = Order(purchase=purchase, account=account, button_order_id=button_order_id)
            if button_order_id is not None and of is None:
                if button_order_id in self._by_order_id:
                    raise Conflict(f"{button_order_id} was reported before")
                self._by_order_id[button_order_id] = order
            self.orders.append(order)
            self._add(order, status=status, basket=purchase.basket, at=at)
            return order

    def _adjust(self, order: Order, basket: Basket, *, at: datetime) -> None:
        before = order.now
        if self.tx_ids is TxIds.SAME:
            self._change(before, status=Status.PENDING, basket=basket, at=at)
            return
        if self.tx_ids is TxIds.NEW_DECLINED:
            self._change(before, status=Status.DECLINED, basket=before.basket, at=at)
        # The API shows whole seconds: two ids of one order made within one could not be told
        # apart by their age, which no real order would do.
        later = max(at, in_seconds(before.created_at) + timedelta(seconds=1))
        self._add(order, status=Status.PENDING, basket=basket, at=later)

    def _account(self, organization: Organization, currency: str) -> Account:
        key = (organization.id, currency)
        if key not in self._accounts:
            self._accounts[key] = Account(
                id=make_id("acc", *key),
                name=f"{organization.name} {currency}",
                currency=currency,
                organization=organization,
            )
        return self._accounts[key]

    def _pending(self, button_order_id: str) -> Order:
        order = self.order(button_order_id)
        if order.now.status.is_final:
            raise Conflict(f"{button_order_id} is {order.now.status}: after that nothing changes")
        return order

    def _finish(
        self, button_order_id: str, *, status: Status, basket: Basket | None, at: datetime
    ) -> Order:
        with self.lock:
            order = self._pending(button_order_id)
            basket = order.now.basket if basket is None else basket
            self._change(order.now, status=status, basket=basket, at=at)
            for share in order.shares:
                self._change(share.now, status=status, basket=share.now.basket, at=at)
            return order

    def _add(self, order: Order, *, status: Status, basket: Basket, at: datetime) -> None:
        at = in_milliseconds(at)
        number = len(order.transactions) + 1
        transaction = Transaction(
            id=make_id("tx", self.seed, order.purchase.key, number),
            order=order,
            status=status,
            basket=basket,
            created_at=at,
            modified_at=at,
            validated_at=at if status is Status.VALIDATED else None,
        )
        order.transactions.append(transaction)
        self._tell(transaction)

    def _change(
        self, transaction: Transaction, *, status: Status, basket: Basket, at: datetime
    ) -> None:
        # A later state is never dated before or at the one it follows, whatever the clock did.
        just_after = transaction.modified_at + timedelta(milliseconds=1)
        transaction.modified_at = max(in_milliseconds(at), just_after)
        transaction.status = status
        transaction.basket = basket
        if status is Status.VALIDATED:
            transaction.validated_at = transaction.modified_at
        self._tell(transaction)

    def _tell(self, transaction: Transaction) -> None:
        self.version += 1
        transaction.event_count += 1
        event = Event(
            hook_id=make_id("hook", transaction.id, transaction.event_count),
            event_type=f"tx-{transaction.status}",
            tx_id=transaction.id,
            data=wire.webhook_data(transaction),
        )
        for listener in self.listeners:
            listener(event)
