"""Links, what is known of a link, and short links (sheet, 3.1, 3.2 and 3.5)."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from urllib.parse import SplitResult, quote

from rewards_site.button.sandbox.answers import ApiError, Json, Reply
from rewards_site.button.sandbox.bodies import Body, read_body
from rewards_site.button.sandbox.brands import Approval, Details
from rewards_site.button.sandbox.calls import Call, Routes, one

REDIRECT, SHORT = "https://r.bttn.io", "https://o.bttn.io"
AMAZON_REDIRECT, AMAZON_SHORT = "https://r.amzlink.to", "https://amzlink.to"

_WAYS = {
    "app_to_web": True,
    "app_to_app": True,
    "web_to_web": True,
    "web_to_app": False,
    "web_to_app_with_install": False,
}


def _create(call: Call) -> Reply:
    body = read_body(call.request)
    url, parts = body.address("url")
    experience = body.object("experience")
    said = _said(experience)
    desktop_url = None
    if experience.text("btn_desktop_url") is not None:
        desktop_url, _ = experience.address("btn_desktop_url")
    brand = _brand_of(call, parts)
    if brand.approval is not Approval.APPROVED:
        raise ApiError(
            403,
            "Not approved for link building",
            error_type="NoMerchantApproval",
            details={"merchant_id": brand.id},
        )
    link = _wrapped(REDIRECT, url, {**said, "btn_desktop_url": desktop_url}, call=call)
    return one({"merchant_id": brand.id, "affiliate": None, "links": {"universal": link}})


def _info(call: Call) -> Reply:
    _, parts = read_body(call.request).address("url")
    brand = _brand_of(call, parts)
    return one(
        {
            "organization_id": brand.id,
            "approved": brand.approval is Approval.APPROVED,
            "ios_support": dict(_WAYS),
            "android_support": dict(_WAYS),
        }
    )


def _shorten(call: Call) -> Reply:
    """Both spellings of the path read the same: the pages differ by a slash (sheet, 3.5)."""
    body = read_body(call.request)
    url, parts = body.address("link_url")
    said = _said(body)
    is_amazon = _is_amazon(parts.hostname or "")
    needed = "btn_pub_user" if is_amazon else "btn_pub_ref"
    if said[needed] is None:
        raise ApiError(400, f"Missing {needed}")
    if not _can_shorten(call, parts, is_amazon=is_amazon):
        raise ApiError(404, "could not create shortlink")
    redirect, short = (AMAZON_REDIRECT, AMAZON_SHORT) if is_amazon else (REDIRECT, SHORT)
    wrapped = _wrapped(redirect, url, said, call=call)
    digest = hashlib.sha256(wrapped.encode()).digest()
    answer: Json = {"short_url": f"{short}/{b32encode(digest).decode()[:10]}", "url": wrapped}
    return one(answer)


def _said(body: Body) -> dict[str, str | None]:
    """The pass-through fields, in the order in which a link shows them."""
    return {
        "btn_pub_user": body.user("btn_pub_user"),
        "btn_pub_ref": body.reference("btn_pub_ref"),
    }


def _brand_of(call: Call, parts: SplitResult) -> Details:
    brand = call.shop.brands.of_host(parts.hostname or "", call.organization)
    if brand is None:
        raise ApiError(
            404,
            "Merchant could not be detected from the url",
            error_type="NoMerchantLinkSupport",
        )
    return brand


def _can_shorten(call: Call, parts: SplitResult, *, is_amazon: bool) -> bool:
    if is_amazon:
        return call.switches.amazon_short_links
    brand = call.shop.brands.of_host(parts.hostname or "", call.organization)
    return brand is not None and brand.approval is Approval.APPROVED


def _is_amazon(host: str) -> bool:
    return "amazon" in host.lower().split(".")[-3:]


def _wrapped(redirect: str, url: str, said: dict[str, str | None], *, call: Call) -> str:
    """No slash between host and `?`; `btn_ref` is the publisher, not a token (sheet, 3.1)."""
    values = {"btn_url": url, **said, "btn_ref": call.organization.id}
    query = "&".join(
        f"{name}={quote(value, safe='')}" for name, value in values.items() if value is not None
    )
    return f"{redirect}?{query}"


ROUTES: Routes = {
    r"/v1/links/?": {"POST": _create},
    r"/v1/links/info/?": {"POST": _info},
    r"/v1/shortlink/create/?": {"POST": _shorten},
}
