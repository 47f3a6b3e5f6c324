"""Every error below `/api/` is a problem document, whatever went wrong."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.test import Client
from django.urls import path, re_path
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.kernel import errors
from rewards_site.kernel.api.problems import not_found
from rewards_site.kernel.api.views import PrivateAPIView
from tests.members.calling import problem_of

pytestmark = pytest.mark.urls(__name__)


class OfferExpired(errors.Refused):
    code = "offer_expired"


class LineInput(serializers.Serializer[Any]):
    total = serializers.IntegerField()


class OrderInput(serializers.Serializer[Any]):
    currency = serializers.CharField(max_length=3)
    lines = LineInput(many=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["currency"] == "XXX":
            raise serializers.ValidationError("Neither nor.")
        return attrs


class OpenView(PrivateAPIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response({"fine": True})

    def post(self, request: Request) -> Response:
        OrderInput(data=request.data).is_valid(raise_exception=True)
        return Response({"fine": True})


def raising(error: Exception) -> Any:
    class RaisingView(OpenView):
        def get(self, request: Request) -> Response:
            raise error

    return RaisingView.as_view()


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the secret is 42")


RAISED: dict[str, tuple[Exception, int, str, str]] = {
    "invalid": (
        errors.InvalidInput("Too much.", fields={"amount": "at most 5"}),
        422,
        "invalid-input",
        "Too much.",
    ),
    "refused": (OfferExpired("It has expired."), 422, "offer-expired", "It has expired."),
    "not-found": (errors.NotFound("Not here."), 404, "not-found", "Not here."),
    "conflict": (errors.Conflict("Already paid."), 409, "conflict", "Already paid."),
    "unavailable": (
        errors.Unavailable("Later.", retry_after=9),
        503,
        "unavailable",
        "Later.",
    ),
    "bare": (
        errors.ServiceError("not for anybody to see"),
        500,
        "internal-error",
        "This was our fault, and it has been recorded.",
    ),
    "bug": (
        KeyError("secret"),
        500,
        "internal-error",
        "This was our fault, and it has been recorded.",
    ),
    "framework-fault": (
        exceptions.APIException("inside"),
        500,
        "internal-error",
        "This was our fault, and it has been recorded.",
    ),
    "database": (
        OperationalError("password=hunter2 host=db"),
        503,
        "unavailable",
        "Please try again in a moment.",
    ),
    "connection": (
        InterfaceError("connection already closed"),
        503,
        "unavailable",
        "Please try again in a moment.",
    ),
    "http404": (
        Http404("No Transaction matches the given query."),
        404,
        "not-found",
        "There is no such thing, or it is not yours.",
    ),
    "denied": (PermissionDenied(), 403, "forbidden", "You may not do this."),
    "too-big": (RequestDataTooBig(), 413, "too-large", "The body of the request is too large."),
    "suspicious": (SuspiciousOperation(), 400, "bad-request", "The request cannot be read."),
    "unreadable": (UnreadablePostError(), 400, "bad-request", "The request cannot be read."),
    "throttled": (
        exceptions.Throttled(wait=2.2),
        429,
        "too-many-requests",
        "Request was throttled. Expected available in 3 seconds.",
    ),
}

handler404 = "rewards_site.kernel.api.problems.handler404"
handler500 = "rewards_site.kernel.api.problems.handler500"
handler400 = "rewards_site.kernel.api.problems.handler400"
urlpatterns = [
    path("api/v1/open/", OpenView.as_view()),
    path("api/v1/broken/", broken),
    *(path(f"api/v1/{name}/", raising(case[0])) for name, case in RAISED.items()),
    re_path(r"^api/v1/", not_found),
]


@pytest.mark.parametrize("name", RAISED)
def test_what_a_view_raises_becomes_its_problem(name: str) -> None:
    _error, status, kind, detail = RAISED[name]

    document = problem_of(Client().get(f"/api/v1/{name}/"), status=status)

    assert document["type"] == f"/problems/{kind}"
    assert document["detail"] == detail


def test_wrong_input_says_which_field() -> None:
    document = problem_of(Client().get("/api/v1/invalid/"), status=422)

    assert document["title"] == "The input is wrong in content"
    assert document["errors"] == [{"field": "amount", "message": "at most 5"}]


@pytest.mark.parametrize(
    ("name", "seconds"), [("unavailable", "9"), ("database", "5"), ("throttled", "3")]
)
def test_what_may_go_later_says_when(name: str, seconds: str) -> None:
    assert Client().get(f"/api/v1/{name}/").headers["Retry-After"] == seconds


def test_a_fault_of_ours_is_logged_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="rewards_site.kernel.api.problems"):
        Client().get("/api/v1/bug/")

    (record,) = (one for one in caplog.records if one.name.startswith("rewards_site"))
    assert record.getMessage() == "api.unexpected_error"
    assert record.__dict__["view"] == "RaisingView"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], KeyError)


@pytest.mark.parametrize(
    ("body", "errors_told"),
    [
        (
            '{"lines": [{"total": 1}, {"total": "x"}]}',
            [
                {"field": "currency", "message": "This field is required."},
                {"field": "lines.1.total", "message": "A valid integer is required."},
            ],
        ),
        (
            '{"currency": "XXX", "lines": []}',
            [{"field": "", "message": "Neither nor."}],
        ),
        (
            "[]",
            [
                {
                    "field": "",
                    "message": "Invalid data. Expected a dictionary, but got list.",
                }
            ],
        ),
    ],
)
def test_json_that_is_wrong_in_content_is_422(body: str, errors_told: list[Any]) -> None:
    response = Client().post("/api/v1/open/", body, content_type="application/json")

    assert problem_of(response, status=422)["errors"] == errors_told


@pytest.mark.parametrize("body", ["{", "nul", '{"a": NaN}', "\xff"])
def test_what_is_not_json_is_400(body: str) -> None:
    response = Client().generic(
        "POST", "/api/v1/open/", body.encode("latin-1"), content_type="application/json"
    )

    document = problem_of(response, status=400)
    assert [error["field"] for error in document["errors"]] == [""]


def test_a_method_that_is_not_there_is_405_and_says_which_are() -> None:
    response = Client().delete("/api/v1/open/")

    assert problem_of(response, status=405)["detail"] == 'Method "DELETE" not allowed.'
    assert response.headers["Allow"] == "GET, HEAD, POST"
    assert problem_of(Client().options("/api/v1/open/"), status=405)["title"]


def test_another_media_type_is_406_and_415() -> None:
    problem_of(Client().get("/api/v1/open/", headers={"Accept": "text/html"}), status=406)
    problem_of(Client().post("/api/v1/open/", "a=1", content_type="text/plain"), status=415)


@pytest.mark.parametrize(
    "target", ["/api/v1/nothing/", "/api/v1/nothing", "/api/v1/", "/api/v1/open/more/"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_that_is_not_there_is_404(target: str, method: str) -> None:
    response = Client(enforce_csrf_checks=True).generic(method, target)

    assert problem_of(response, status=404)["detail"] == "This API has no such path."


def test_a_get_without_the_last_slash_is_led_to_it() -> None:
    response = Client().get("/api/v1/open?limit=5&x=%2F")

    assert response.status_code == 301
    assert response.headers["Location"] == "/api/v1/open/?limit=5&x=%2F"


def test_a_post_without_the_last_slash_is_told() -> None:
    response = Client().post("/api/v1/open", "{}", content_type="application/json")

    assert problem_of(response, status=404)["detail"] == "The paths of this API end with a slash."


def test_an_error_outside_of_the_framework_is_a_problem_too() -> None:
    response = Client(raise_request_exception=False).get("/api/v1/broken/")

    problem_of(response, status=500)
    assert b"42" not in response.content


def test_elsewhere_errors_are_pages() -> None:
    response = Client().get("/nothing/")

    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")
    assert Client().get("/api/other/").headers["Content-Type"] == "application/problem+json"
