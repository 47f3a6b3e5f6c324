"""Every error of the API as RFC 9457 `application/problem+json`, by one handler.

`type` is a stable relative reference, `/problems/` and the error's code, such as
`/problems/not-found`: programs compare it, it need not resolve. `title` is the same for every
problem of a type, `detail` tells of this one. `errors` ({"field", "message"}) stands in answers to
wrong input; `field` is "" where the input as a whole is meant, and dotted where it is nested.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import (
    Http404,
    HttpRequest,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
    JsonResponse,
    UnreadablePostError,
)
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions

from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    Refused,
    ServiceError,
    TooMany,
    Unavailable,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
API_PREFIX = "/api/"
_DATABASE_RETRY_AFTER_SECONDS = 5

_STATUS_OF_FAMILY: tuple[tuple[type[ServiceError], int], ...] = (
    (InvalidInput, 422),
    (Refused, 422),
    (NotFound, 404),
    (Conflict, 409),
    (TooMany, 429),
    (Unavailable, 503),
)
"""The closed table of our refusals. A bare ServiceError is in none of them: a fault, 500."""

_KINDS: dict[int, tuple[str, str]] = {
    400: ("bad-request", gettext_noop("The request cannot be read")),
    401: ("unauthenticated", gettext_noop("A valid token is needed")),
    403: ("forbidden", gettext_noop("This is not allowed")),
    404: ("not-found", gettext_noop("There is no such thing")),
    405: ("method-not-allowed", gettext_noop("This method is not allowed here")),
    406: ("not-acceptable", gettext_noop("This is answered in JSON only")),
    409: ("conflict", gettext_noop("The thing is in another state than this needs")),
    413: ("too-large", gettext_noop("The request is too large")),
    415: ("unsupported-media-type", gettext_noop("Only JSON is read here")),
    422: ("invalid-input", gettext_noop("The input is wrong in content")),
    429: ("too-many-requests", gettext_noop("Too many requests")),
    500: ("internal-error", gettext_noop("Something went wrong on our side")),
    503: ("unavailable", gettext_noop("Not available right now")),
}
"""HTTP status → the type's default code, and the title of all its problems."""


_OF_DJANGO: tuple[tuple[type[Exception], int, str], ...] = (
    (Http404, 404, gettext_noop("There is no such thing, or it is not yours.")),
    (PermissionDenied, 403, gettext_noop("You may not do this.")),
    (RequestDataTooBig, 413, gettext_noop("The body of the request is too large.")),
    (SuspiciousOperation, 400, gettext_noop("The request cannot be read.")),
    (UnreadablePostError, 400, gettext_noop("The request cannot be read.")),
)
"""Django's own refusals, the narrower kind first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputError:
    """One thing that is wrong with the input."""

    field: str
    message: str


def problem_response(
    status: int,
    *,
    detail: str,
    code: str = "",
    errors: Sequence[InputError] = (),
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """A problem document; never cached. `code` is the error's own, such as `offer_expired`."""
    default_code, title = _KINDS[status]
    document: dict[str, Any] = {
        "type": f"/problems/{code.replace('_', '-') or default_code}",
        "title": _(title),
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = [{"field": item.field, "message": item.message} for item in errors]
    return JsonResponse(
        document,
        status=status,
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def kind_of(status: int) -> tuple[str, str]:
    """`type` and `title` of the ordinary problem of a status, for the API's own description."""
    code, title = _KINDS[status]
    return f"/problems/{code}", _(title)


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    """What REST framework calls for whatever a view raises; it always answers."""
    if isinstance(exc, ServiceError):
        return _of_service_error(exc, context)
    if isinstance(exc, exceptions.APIException):
        return _of_framework_error(exc, context)
    if isinstance(exc, DatabaseUnavailable):
        log.error("api.database_unavailable", extra=_where(context), exc_info=exc)
        return problem_response(
            503,
            detail=_("Please try again in a moment."),
            headers={"Retry-After": str(_DATABASE_RETRY_AFTER_SECONDS)},
        )
    for kind, status, detail in _OF_DJANGO:
        if isinstance(exc, kind):
            return problem_response(status, detail=_(detail))
    return _unexpected(exc, context)


def _of_service_error(exc: ServiceError, context: Mapping[str, Any]) -> HttpResponseBase:
    statuses = [status for family, status in _STATUS_OF_FAMILY if isinstance(exc, family)]
    if not statuses:
        return _unexpected(exc, context)
    errors: list[InputError] = []
    if isinstance(exc, InvalidInput):
        errors = [InputError(field=name, message=text) for name, text in exc.fields.items()]
        errors = errors or [InputError(field="", message=str(exc))]
    headers = {"Retry-After": str(exc.retry_after)} if isinstance(exc, Unavailable) else None
    return problem_response(
        statuses[0], detail=str(exc), code=exc.code, errors=errors, headers=headers
    )


def _of_framework_error(
    exc: exceptions.APIException, context: Mapping[str, Any]
) -> HttpResponseBase:
    status, headers = exc.status_code, {}
    challenge = getattr(exc, "auth_header", None)  # set by the view's handle_exception()
    if challenge:
        headers["WWW-Authenticate"] = str(challenge)
    wait = getattr(exc, "wait", None)  # of Throttled, in seconds
    if wait is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    if isinstance(exc, exceptions.ValidationError):
        status = 422  # read as JSON, wrong in content
    if status >= 500 or status not in _KINDS:
        return _unexpected(exc, context)
    details = list(_input_errors(exc.detail))
    return problem_response(
        status,
        detail=" ".join(dict.fromkeys(item.message for item in details)),
        errors=details if status in {400, 422} else (),
        headers=headers,
    )


def _input_errors(detail: Any, field: str = "") -> Iterator[InputError]:
    """REST framework's nested details, flat: {"lines": [{"total": ["…"]}]} → lines.0.total."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _input_errors(inner, f"{field}.{own}".strip("."))
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            is_nested = isinstance(inner, Mapping | list | tuple)
            yield from _input_errors(inner, f"{field}.{number}".strip(".") if is_nested else field)
    else:
        yield InputError(field=field, message=str(detail))


def _unexpected(exc: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    log.error("api.unexpected_error", extra=_where(context), exc_info=exc)
    return problem_response(500, detail=_("This was our fault, and it has been recorded."))


def _where(context: Mapping[str, Any]) -> dict[str, str]:
    """The view and method, not the path: paths may hold customer ids."""
    request = context.get("request")
    return {
        "view": type(context.get("view")).__name__,
        "method": str(getattr(request, "method", "")),
    }


# For the URL configuration ------------------------------------------------------------------------


@csrf_exempt
def not_found(request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponseBase:
    """The last route below `api/`: 404, or for a GET that only lacks its last slash, where it is.

    A route that takes everything keeps Django's own APPEND_SLASH from looking; hence the redirect.
    """
    path = request.path_info
    if not path.endswith("/") and _leads_elsewhere(f"{path}/"):
        if request.method in {"GET", "HEAD"}:
            return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
        return problem_response(404, detail=_("The paths of this API end with a slash."))
    return problem_response(404, detail=_("This API has no such path."))


def _leads_elsewhere(path: str) -> bool:
    try:
        return resolve(path).func is not not_found
    except Resolver404:
        return False


def handler400(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler400`, JSON below `/api/`."""
    if request.path_info.startswith(API_PREFIX):
        return problem_response(400, detail=_("The request cannot be read."))
    return defaults.bad_request(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler404`, JSON below `/api/`."""
    if request.path_info.startswith(API_PREFIX):
        return problem_response(404, detail=_("This API has no such path."))
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponseBase:
    """Django's `handler500`, JSON below `/api/`; Django has logged the exception."""
    if request.path_info.startswith(API_PREFIX):
        return problem_response(500, detail=_("This was our fault, and it has been recorded."))
    return defaults.server_error(request)
