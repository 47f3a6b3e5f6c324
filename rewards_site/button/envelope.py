"""Button's response envelope (sheet, 1.3): `meta` beside `object`, `objects` or `error`."""

from __future__ import annotations

from rewards_site.button.wirejson import JsonObject, NotJson, parse


class NotEnvelope(ValueError):
    """A 2xx answer that is not Button's; the message says what it was instead."""


def read_list(body: bytes, *, may_be_one: bool = False) -> tuple[list[object], str | None]:
    """`objects`, and `meta.next` as told. Raises: NotEnvelope.

    `may_be_one`: where there are no `objects`, `object` is a list of one, or the list (sheet, C18).

    Strict, because half an answer that passes for a whole one would end a list too early.
    """
    answer, meta = _opened(body)
    rows, told_next = answer.get("objects"), meta.get("next")
    if may_be_one and "objects" not in answer:
        rows = answer.get("object")
        rows = [rows] if isinstance(rows, JsonObject) else rows
    if not isinstance(rows, list):
        raise NotEnvelope("its answer held no list")
    if not isinstance(told_next, str | None):
        raise NotEnvelope("its next page was not a URL")
    if answer.conflicting_keys & {"meta", "objects", "object"} or "next" in meta.conflicting_keys:
        raise NotEnvelope("its answer told the same twice, differently")
    return rows, told_next or None


def read_object(body: bytes) -> JsonObject:
    """`object` of an answer about one thing. Raises: NotEnvelope."""
    answer, _meta = _opened(body)
    told = answer.get("object")
    if not isinstance(told, JsonObject):
        raise NotEnvelope("its answer held no object")
    if answer.conflicting_keys & {"meta", "object"}:
        raise NotEnvelope("its answer told the same twice, differently")
    return told


def _opened(body: bytes) -> tuple[JsonObject, JsonObject]:
    """The answer and its `meta`, whose status is ok. Raises: NotEnvelope."""
    try:
        answer = parse(body)
    except NotJson:
        is_empty = not body.strip()
        raise NotEnvelope(f"its answer was {'empty' if is_empty else 'not JSON'}") from None
    if not isinstance(answer, JsonObject):
        raise NotEnvelope("its answer was not a JSON object")
    meta = answer.get("meta")
    if not isinstance(meta, JsonObject) or meta.get("status") != "ok":
        raise NotEnvelope("its answer did not have the status ok")
    return answer, meta


def told_error(body: bytes) -> tuple[str | None, str | None]:
    """`error.message` and `error.type` of the envelope, where there are any."""
    try:
        answer = parse(body)
    except NotJson:
        return None, None
    error = answer.get("error") if isinstance(answer, JsonObject) else None
    if not isinstance(error, JsonObject):
        return None, None
    message, error_type = error.get("message"), error.get("type")
    return (
        message if isinstance(message, str) else None,
        error_type if isinstance(error_type, str) else None,
    )
