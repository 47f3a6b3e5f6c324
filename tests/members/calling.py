"""Calls of the member API as a mobile app makes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from django.conf import settings
from django.test import Client

from tests.factories import MEMBER


def token_for(customer_id: object = MEMBER, *, secret: str | None = None, **claims: Any) -> str:
    """A token as a publisher's back end signs it; a claim given as None is left out."""
    values = {
        "sub": customer_id,
        "exp": int((datetime.now(tz=UTC) + timedelta(minutes=5)).timestamp()),
    } | claims
    values = {name: value for name, value in values.items() if value is not None}
    key = settings.MEMBER_JWT_SECRET if secret is None else secret
    return jwt.encode(values, key, algorithm="HS256")


def call(
    path: str,
    *,
    customer_id: str = MEMBER,
    token: str | None = None,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: object = ...,
    raw: bytes = b"",
) -> Any:
    """The response to a call with a member's token; `path` below `/api/v1/`, or a whole URL.

    `body` is sent as JSON, `raw` as it is.
    """
    target = path
    if "://" in path:
        parts = urlsplit(path)
        target = f"{parts.path}?{parts.query}"
    elif not path.startswith("/"):
        target = f"/api/v1/{path}"
    bearer = token if token is not None else token_for(customer_id)
    is_empty = body is ... and not raw
    return Client().generic(
        method,
        target,
        data=raw if body is ... else json.dumps(body).encode(),
        content_type="application/octet-stream" if is_empty else "application/json",
        headers={"Authorization": f"Bearer {bearer}"} | (headers or {}),
    )


def read(path: str, *, customer_id: str = MEMBER) -> Any:
    """The JSON of a call that succeeds."""
    response = call(path, customer_id=customer_id)
    assert response.status_code == 200, response.content
    return response.json()


def problem_of(response: Any, *, status: int) -> dict[str, Any]:
    """The problem document of a response; checks what all of them have in common."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    document: dict[str, Any] = json.loads(response.content)
    assert document["status"] == status
    assert document["type"].startswith("/problems/")
    assert document["title"]
    assert document["detail"]
    assert set(document) <= {"type", "title", "status", "detail", "errors"}
    return document
