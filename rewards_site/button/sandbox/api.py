"""Button's own API: every route under /v1, for publishers. Later ones are added to `ROUTES`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from urllib.parse import quote

from rewards_site.button.sandbox import wire
from rewards_site.button.sandbox.answers import ApiError, Json, Reply, Request, json_reply
from rewards_site.button.sandbox.listing import page_of, read_listing
from rewards_site.button.sandbox.records import Organization
from rewards_site.button.sandbox.world import World

Route = Callable[[World, Organization, Request, re.Match[str]], Reply]


def answer(world: World, request: Request) -> Reply:
    """The reply to a request under /v1. Raises: ApiError."""
    organization = _caller(world, request)
    for pattern, routes in ROUTES.items():
        match = re.fullmatch(pattern, request.path)
        if match is None:
            continue
        route = routes.get(request.method)
        if route is None:
            allowed = {"Allow": ", ".join(routes)}
            raise ApiError(405, f"Method not allowed: {request.method}", headers=allowed)
        return route(world, organization, request, match)
    raise ApiError(404, f"Could not find {request.path}")


def _caller(world: World, request: Request) -> Organization:
    """Whose key it is: HTTP Basic, the key as user name, no password (sheet, 1.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError(401, "Invalid api_key") from None
    organization = world.organization_of(user)
    if scheme.lower() != "basic" or not colon or password or organization is None:
        raise ApiError(401, "Invalid api_key")
    return organization


def _accounts(
    world: World, organization: Organization, _request: Request, _match: re.Match[str]
) -> Reply:
    rows = [wire.account_row(account) for account in world.accounts_of(organization)]
    return json_reply({"meta": {"status": "ok"}, "objects": rows})


def _account_transactions(
    world: World, organization: Organization, request: Request, match: re.Match[str]
) -> Reply:
    account_id = match["account_id"]
    if account_id not in {account.id for account in world.accounts_of(organization)}:
        raise ApiError(404, f"Could not find {account_id}")
    return _list(world, organization, request, account_id=account_id)


def _all_transactions(
    world: World, organization: Organization, request: Request, _match: re.Match[str]
) -> Reply:
    return _list(world, organization, request, account_id=None)


def _list(
    world: World, organization: Organization, request: Request, *, account_id: str | None
) -> Reply:
    listing = read_listing(request.parameters, path=request.path, organization=organization.id)
    with world.lock:
        transactions = (
            transaction
            for transaction in world.transactions_of(organization)
            if account_id in {None, transaction.order.account.id}
        )
        page = page_of(transactions, listing)
        rows = [wire.api_row(transaction) for transaction in page.transactions]
    following = None
    if page.cursor is not None:
        following = f"{request.base_url}{request.path}?cursor={quote(page.cursor, safe='')}"
    meta: Json = {"status": "ok", "next": following, "previous": None}
    return json_reply({"meta": meta, "objects": rows})


ROUTES: dict[str, dict[str, Route]] = {
    r"/v1/affiliation/accounts": {"GET": _accounts},
    r"/v1/affiliation/accounts/(?P<account_id>[^/]+)/transactions": {"GET": _account_transactions},
    r"/v1/affiliation/transactions": {"GET": _all_transactions},
}
