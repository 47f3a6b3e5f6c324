"""JSON bodies of API calls: read exactly, or refused with 400 or 413, never a 500."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rewards_site.kernel.api.json_body import BODY_BYTES_MAX, JsonBodyParser, read_json
from tests.members.calling import problem_of


class Echo(APIView):
    """Answers with what type the body was read as."""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        return Response({"read": repr(request.data)})


def post(body: bytes, content_type: str = "application/json") -> Any:
    request = RequestFactory().post("/", data=body, content_type=content_type)
    response = Echo.as_view()(request)
    return response.render() if hasattr(response, "render") else response


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"amount": 12.10}', {"amount": Decimal("12.10")}),
        (b'{"amount": 1e3}', {"amount": Decimal("1E+3")}),
        (b'{"amount": 9007199254740993}', {"amount": 9007199254740993}),
        ('{"note": "é \U0001f600"}'.encode(), {"note": "é \U0001f600"}),
        (b'{"note": "\\ud83d\\ude00"}', {"note": "\U0001f600"}),
        (b'{"note": "\\\\ud800 [[[["}', {"note": "\\ud800 [[[["}),
        (b"[" * 32 + b"]" * 32, None),
        (b' {"a": null, "b": [true, false]} ', {"a": None, "b": [True, False]}),
    ],
)
def test_json_is_read_exactly(body: bytes, value: Any) -> None:
    read: Any = read_json(body)

    assert read == (value if value is not None else json.loads(body))
    if isinstance(read, dict):
        assert not any(isinstance(item, float) for item in read.values())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b" ", "is not JSON (line 1, column 2)"),
        (b"{", "is not JSON"),
        (b"{'a': 1}", "is not JSON"),
        (b"{} {}", "is not JSON"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1, "a": 2}', "tells a key twice"),
        (b'{"a": "\\ud800"}', "half a surrogate"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"a": "\xff"}', "is not UTF-8"),
        ("\ufeff{}".encode("utf-16"), "is not UTF-8"),
        (b"[" * 33 + b"]" * 33, "deeper than 32"),
        (b"[" * 500_000, "deeper than 32"),
        (b'{"a":' * 100_000, "deeper than 32"),
        (b'{"a": 1' + b"0" * 40 + b"}", "too many digits"),
        (b'{"a": 1e999999999}', "too many digits"),
        (b'{"a": 1e-41}', "too many digits"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "too many digits"),
    ],
)
def test_what_is_not_json_is_400(body: bytes, words: str) -> None:
    document = problem_of(post(body), status=400)

    assert words in document["detail"]


def test_a_body_over_a_mebibyte_is_413() -> None:
    with pytest.raises(ParseError):
        JsonBodyParser().parse(io.BytesIO(b" " * BODY_BYTES_MAX))

    problem_of(post(b'"' + b"x" * BODY_BYTES_MAX + b'"'), status=413)


def test_another_media_type_is_415() -> None:
    problem_of(post(b"a=1", "application/x-www-form-urlencoded"), status=415)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**18), 10**18)
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner
            )
        ),
        max_leaves=20,
    )
)
def test_what_json_wrote_is_read_back(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
def test_no_bytes_are_a_500(body: bytes) -> None:
    assert post(b'{"a": ' + body + b"}").status_code in (200, 400)
