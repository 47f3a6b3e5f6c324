"""How the API describes itself: OpenAPI 3.1, made from the views by drf-spectacular.

Errors, their headers and their media type are the same everywhere, so they are added here and not
at each view. Answers are described by `@extend_schema` beside the view.
"""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from rewards_site.kernel.api.paging import LIMIT_DEFAULT, LIMIT_MAX
from rewards_site.kernel.api.problems import MEDIA_TYPE, kind_of

_CAPITAL = re.compile("([A-Z])")
_DESCRIPTIONS = {
    "400": "The request cannot be read: a cursor that is not ours, a body that is not JSON.",
    "401": "No token or key, or one that is altered, expired, revoked or meant for elsewhere.",
    "403": "The key is good, and lacks the scope that this needs.",
    "404": "There is no such thing, or it is another member's.",
    "406": "The client accepts no JSON.",
    "422": "The input is wrong in content; `errors` says where.",
    "429": "Too much is asked: try again after `Retry-After` seconds.",
    "503": "Not available right now: try again after `Retry-After` seconds.",
}
_EXAMPLES = {
    400: "This cursor is not one of ours.",
    401: "The token is not valid or has expired.",
    403: "This key lacks the scope members:read.",
    404: "You have no such transaction.",
    406: "Could not satisfy the request Accept header.",
    409: "It is in another state by now.",
    422: "This is a whole number from 1 to 200.",
    429: "Try again in 30 seconds.",
    503: "Please try again in a moment.",
}
"""Status → the `detail` of an example."""
_RETRY_AFTER = {
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait at least."}
}
_HEADERS = {
    "401": {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "RFC 6750."}},
    "429": _RETRY_AFTER,
    "503": _RETRY_AFTER,
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `type` is stable: compare it. `title` and `detail` are for people.",
    "properties": {
        "type": {"type": "string", "examples": ["/problems/invalid-input"]},
        "title": {"type": "string", "examples": ["The input is wrong in content"]},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "examples": [422]},
        "detail": {"type": "string", "examples": ["`limit` is not a number."]},
        "errors": {
            "type": "array",
            "description": "What is wrong with the input; only in answers to wrong input.",
            "items": {
                "type": "object",
                "properties": {
                    "field": {
                        "type": "string",
                        "description": "Dotted where it is nested, empty for the input as a whole.",
                    },
                    "message": {"type": "string"},
                },
                "required": ["field", "message"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
}
PAGING = [
    OpenApiParameter(
        "limit",
        int,
        description=f"How many at most: 1 to {LIMIT_MAX}, and {LIMIT_DEFAULT} if not told. "
        "Numbers outside are clamped.",
        default=LIMIT_DEFAULT,
    ),
    OpenApiParameter(
        "cursor", str, description="As it stands in `next` and `previous`: opaque, not to be made."
    ),
]
"""The query parameters of every list, for `@extend_schema(parameters=…)`."""


_CUSTOMER_ID = OpenApiParameter(
    "customer_id",
    {"type": "string", "pattern": "^[\\x21-\\x7E]{1,255}$"},
    OpenApiParameter.PATH,
    description="The publisher's own id of the member, URL-encoded (`/` is `%2F`). One that we "
    "have not seen is answered like a member without any money.",
)


class PageOutput(serializers.Serializer[Any]):
    """The frame of a list; a subclass adds `results`."""

    next = serializers.URLField(
        allow_null=True, help_text="The page of older ones; null on the last page."
    )
    previous = serializers.URLField(
        allow_null=True, help_text="The page of newer ones; null on the first page."
    )


def _example(status: int) -> dict[str, Any]:
    kind, title = kind_of(status)
    example = {"type": kind, "title": title, "status": status, "detail": _EXAMPLES[status]}
    if status in (400, 422):
        field = "cursor" if status == 400 else "limit"
        example["errors"] = [{"field": field, "message": _EXAMPLES[status]}]
    return example


class ApiSchema(AutoSchema):
    """Adds what all endpoints have in common.

    A view names its `tag`, and the status codes of further `problems`.
    """

    def get_operation_id(self) -> str:
        """`get_balances` of BalancesView: a generated client's functions are named by it."""
        name = type(self.view).__name__.removesuffix("View")
        return self.method.lower() + _CAPITAL.sub(r"_\1", name).lower()

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "member")]

    def get_override_parameters(self) -> list[Any]:
        mine = [_CUSTOMER_ID] if "{customer_id}" in self.path else []
        return [*super().get_override_parameters(), *mine]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        problem = self._problem()
        codes = {"401", "406", "503", *map(str, getattr(self.view, "problems", ()))}
        if "{" in self.path:
            codes.add("404")
        if any(each["in"] == "query" for each in self._get_parameters()):
            codes |= {"400", "422"}
        if self.method != "GET":
            codes |= {"400", "422"}
        for code in sorted(codes):
            bodies[code] = {
                "description": _DESCRIPTIONS.get(code, "A problem."),
                "content": {MEDIA_TYPE: {"schema": problem, "example": _example(int(code))}},
            }
            if code in _HEADERS:
                bodies[code]["headers"] = _HEADERS[code]
        bodies["default"] = {
            "description": "Any other problem.",
            "content": {MEDIA_TYPE: {"schema": problem}},
        }
        return bodies

    def _problem(self) -> Any:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]  # the library's own
            name="Problem", type=ResolvedComponent.SCHEMA, object="problem", schema=_PROBLEM
        )
        self.registry.register_on_missing(component)
        return component.ref
