"""Button's own API: every route under /v1. All are for publishers (sheet, the first table)."""

from __future__ import annotations

import base64
import binascii
import re

from rewards_site.button.sandbox import billing, brand_lists, links, offers
from rewards_site.button.sandbox.answers import ApiError, Reply, Request
from rewards_site.button.sandbox.calls import Call, Routes, Shop
from rewards_site.button.sandbox.keys import Keyring
from rewards_site.button.sandbox.payouts import Payouts
from rewards_site.button.sandbox.records import Organization

ROUTES: Routes = {**billing.ROUTES, **brand_lists.ROUTES, **links.ROUTES, **offers.ROUTES}


def answer(shop: Shop, payouts: Payouts, request: Request) -> Reply:
    """The reply to a request under /v1. Raises: ApiError, HungUpError."""
    if payouts.is_mine(request.path):  # another provider's API on the same port, with its own keys
        return payouts.answer(request)
    organization = _caller(shop.world.keyring, request)
    for pattern, routes in ROUTES.items():
        match = re.fullmatch(pattern, request.path)
        if match is None:
            continue
        route = routes.get(request.method)
        if route is None:
            allowed = {"Allow": ", ".join(routes)}
            raise ApiError(405, f"Method not allowed: {request.method}", headers=allowed)
        if not organization.is_publisher:
            raise ApiError(
                401, "The calling organization must be a publisher to access this endpoint."
            )
        return route(
            Call(
                shop=shop,
                switches=shop.panel.switches,
                organization=organization,
                request=request,
                match=match,
            )
        )
    raise ApiError(404, f"Could not find {request.path}")


def _caller(keyring: Keyring, request: Request) -> Organization:
    """Whose key it is: HTTP Basic, the key as user name, no password (sheet, 1.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError(401, "Invalid api_key") from None
    organization = keyring.owner(user)
    if scheme.lower() != "basic" or not colon or password or organization is None:
        raise ApiError(401, "Invalid api_key")
    return organization
