"""Bodies without the names of people who were erased. Pure: bytes in, bytes out."""

from __future__ import annotations

from accounts_sync.inbox.envelope import Event, NotAnEvent, Ping, read_envelope
from rewards_site.button.redaction import TextFor, names_anybody, redacted
from rewards_site.button.wirejson import JsonObject, NotJson, parse, text_of


def names_in(body: bytes, text_for: TextFor) -> bool:
    """Whether any text in `body` is one of those names."""
    try:
        return names_anybody(parse(body), text_for)
    except NotJson:
        return False


def redacted_body(body: bytes, text_for: TextFor) -> bytes:
    """The event with what is read of its data, and nothing else; empty where it is no event.

    The same body always comes to the same bytes, and so to the same digest: its repeats are known.
    """
    envelope = read_envelope(body)
    match envelope:
        case NotAnEvent() | Ping():
            return b""
        case Event():
            root = parse(body)
            assert isinstance(root, JsonObject)
            kept = JsonObject()
            for name in ("id", "event_type"):
                kept[name] = root[name]
            if "data" in root:
                kept["data"] = redacted(root["data"], text_for)
            kept.conflicting_keys = root.conflicting_keys & kept.keys()
            return text_of(kept).encode("ascii")
