"""The Billing API: accounts and transactions (sheet, 4.1 and 4.2)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from rewards_site.button.sandbox import wire
from rewards_site.button.sandbox.answers import ApiError, Json, Reply, json_reply
from rewards_site.button.sandbox.api_switches import LastNext
from rewards_site.button.sandbox.calls import Call, Routes, many
from rewards_site.button.sandbox.listing import read_listing
from rewards_site.button.sandbox.records import Transaction


def _accounts(call: Call) -> Reply:
    accounts = call.shop.world.accounts_of(call.organization)
    return many([wire.account_row(account) for account in accounts])


def _account_transactions(call: Call) -> Reply:
    account_id = call.match["account_id"]
    known = {account.id for account in call.shop.world.accounts_of(call.organization)}
    if account_id not in known:
        raise ApiError(404, f"Could not find {account_id}")
    return _list(call, account_id=account_id)


def _all_transactions(call: Call) -> Reply:
    return _list(call, account_id=None)


def _list(call: Call, *, account_id: str | None) -> Reply:
    shop, request, organization = call.shop, call.request, call.organization
    listing = read_listing(
        request.parameters,
        path=request.path,
        organization=organization.id,
        switches=call.switches,
    )

    def transactions() -> Iterable[Transaction]:
        for transaction in shop.world.transactions_of(organization):
            if account_id in {None, transaction.order.account.id}:
                yield transaction

    with shop.world.lock:
        page = shop.shelf.page_of(transactions, listing, version=shop.world.version)
        rows = [wire.api_row(transaction) for transaction in page.transactions]
    following = _address(call, page.next_cursor)
    if following is None and call.switches.last_next is LastNext.EMPTY:
        following = ""
    meta: Json = {
        "status": "ok",
        "next": following,
        "previous": _address(call, page.previous_cursor),
    }
    return json_reply({"meta": meta, "objects": rows})


def _address(call: Call, cursor: str | None) -> str | None:
    """The same list as the caller spelt it, with the cursor and nothing else."""
    if cursor is None:
        return None
    return f"{call.request.base_url}{call.request.path}?cursor={quote(cursor, safe='')}"


ROUTES: Routes = {
    r"/v1/affiliation/accounts": {"GET": _accounts},
    r"/v1/affiliation/accounts/(?P<account_id>[^/]+)/transactions": {"GET": _account_transactions},
    r"/v1/affiliation/transactions": {"GET": _all_transactions},
}
