"""The back end's door: `/api/v1/members/{customer_id}/…`, the members' own views opened by a key.

The customer id is everything between `members/` and the last known part of the path, so that it may
hold slashes: servers decode `%2F` before Django sees the path. Ids at the end of a path have shapes
that leave no second reading (docs/decisions/0026).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.urls.resolvers import RegexPattern
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from rewards_site.api_keys.scopes import Scope
from rewards_site.api_keys.services import KeyRefused, check_api_key
from rewards_site.kernel import clock
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.kernel.errors import NotFound
from rewards_site.members.customer_ids import may_be_told
from rewards_site.members.tokens import MemberIdentity

log = logging.getLogger(__name__)

_CUSTOMER_ID = "customer_id"
_FIXED_TAILS: set[str] = set()
"""The tails of words alone, of every room: `balances/`."""
_REALM = 'Bearer realm="back end"'


@dataclass(frozen=True, slots=True, kw_only=True)
class BackEndIdentity(MemberIdentity):
    """The publisher's back end, asking about the member of `customer_id`."""

    key_pk: int
    scopes: frozenset[str]


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer rk_…`; a member's token is as good as none here."""

    def authenticate(self, request: Request) -> tuple[None, BackEndIdentity] | None:
        header = str(request.META.get("HTTP_AUTHORIZATION", ""))
        scheme, _blank, text = header.strip(" ").partition(" ")
        if scheme.lower() != "bearer":
            return None  # the permission says that a key is needed
        try:
            key = check_api_key(text.strip(" "), at=clock.now())
        except KeyRefused as error:
            log.info("api_keys.refused", extra={"why": str(error)})
            raise AuthenticationFailed(
                _("The API key is not valid, or it was revoked or has expired.")
            ) from error
        view = request.parser_context["view"]
        assert isinstance(view, BackEndDoor)
        return None, BackEndIdentity(
            customer_id=view.customer_id, key_pk=key.pk, scopes=frozenset(key.scopes)
        )

    def authenticate_header(self, request: Request) -> str:
        has_key = str(request.META.get("HTTP_AUTHORIZATION", "")).strip()
        return f'{_REALM}, error="invalid_token"' if has_key else _REALM


class HasScope(BasePermission):
    """There is a key, and it has the scope of the view."""

    def has_permission(self, request: Request, view: object) -> bool:
        assert isinstance(view, BackEndDoor)
        identity = request.auth
        if identity is None:
            return False  # 401
        assert isinstance(identity, BackEndIdentity)
        # RFC 6750, 3.1, in words: which scope it is that lacks
        scope = view.scope if request.method in SAFE_METHODS else view.write_scope or view.scope
        self.message = _("This key lacks the scope %(scope)s.") % {"scope": scope.value}
        return scope.value in identity.scopes


class BackEndDoor(PrivateAPIView):
    """What turns a view of a member's own things into the back end's."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope,)
    tag = "back end"
    problems = (403,)
    scope = Scope.MEMBERS_READ
    write_scope: Scope | None = None
    """What a POST needs instead, where it changes something of the member's."""
    customer_id = ""

    def dispatch(
        self, request: Any, *args: Any, customer_id: str = "", **kwargs: Any
    ) -> HttpResponseBase:
        self.customer_id = customer_id
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not may_be_told(self.customer_id):
            raise NotFound(_("That is no customer id: 1 to 255 characters of ASCII 0x21 to 0x7E."))


class _BackEndPattern(RegexPattern):
    """An id that is another route's whole tail is none: `a/merchants` + `balances/` is that one's.

    Asked at each call, so that it holds whichever room registers its routes last.
    """

    def match(self, path: str) -> tuple[str, tuple[Any, ...], dict[str, Any]] | None:
        found = super().match(path)
        if found is None:
            return None
        ids = [text for name, text in found[2].items() if name != _CUSTOMER_ID]
        return None if any(f"{text}/" in _FIXED_TAILS for text in ids) else found


def back_end_path(
    tail: str,
    view: type[PrivateAPIView],
    *,
    name: str,
    scope: Scope = Scope.MEMBERS_READ,
    write_scope: Scope | None = None,
) -> URLPattern:
    """The route of a member's `view` below `members/{customer_id}/`.

    `tail` is a regular expression that no end of a customer id before it could match by chance:
    fixed words, ids of a fixed shape as named groups, and at its very end an id of any shape.
    """
    door = view
    if not issubclass(view, BackEndDoor):
        kept = {
            "__doc__": view.__doc__,
            "__module__": view.__module__,
            "scope": scope,
            "write_scope": write_scope,
            "problems": (*BackEndDoor.problems, *getattr(view, "problems", ())),
        }
        door = type(f"BackEnd{view.__name__}", (BackEndDoor, view), kept)
    if "(" not in tail:
        _FIXED_TAILS.add(tail)
    pattern = _BackEndPattern(
        rf"^members/(?P<{_CUSTOMER_ID}>.+)/{tail}$", name=name, is_endpoint=True
    )
    return URLPattern(pattern, door.as_view(), name=name)
