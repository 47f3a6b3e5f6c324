"""What the inbox says of a person, overwritten: bodies of webhooks, what staff wrote of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import connection

from accounts_sync.inbox.envelope import read_envelope
from accounts_sync.inbox.models import DeferredDecision, WebhookEvent
from accounts_sync.inbox.nameless import names_in, redacted_body
from rewards_site.kernel.db import is_postgres
from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import overwrite_texts
from transactions.erasing import ORDERS, TX_IDS

_EVENTS = "webhook events"
_AT_ONCE = 200


def search(person: Person) -> None:
    """Events of their orders, and all others whose body names them. Reads every body once."""
    events = WebhookEvent.objects.order_by()
    found: set[int] = set()
    for some in _chunks(sorted(person.found[ORDERS])):
        found.update(events.filter(transaction_id__in=some).values_list("pk", flat=True))
    for tx_ids in _chunks(sorted(person.found[TX_IDS])):
        found.update(events.filter(tx_id__in=tx_ids).values_list("pk", flat=True))
    for candidates in _chunks(sorted(_with_letters(person) - found)):
        for pk, body in events.filter(pk__in=candidates).values_list("pk", "body"):
            if is_named(bytes(body), person):
                found.add(pk)
    beside = events.filter(beside_id__in=found).values_list("pk", flat=True)
    person.found[_EVENTS] = found | set(beside)


def erase(person: Person) -> int:
    """Locks those events, by pk."""
    touched = 0
    for some in _chunks(sorted(person.found[_EVENTS])):
        locked = WebhookEvent.objects.select_for_update(of=("self",), no_key=True)
        rows = list(locked.filter(pk__in=some).order_by("pk"))
        changed = [row for row in rows if _overwrite(row, person)]
        WebhookEvent.objects.bulk_update(changed, ["body", "body_digest"], batch_size=_AT_ONCE)
        touched += len(changed)
        touched += overwrite_texts(locked.filter(pk__in=some), ["reason"], person)
    return touched + overwrite_texts(DeferredDecision, ["reason", "deferred_because"], person)


def is_named(body: bytes, person: Person) -> bool:
    """Whether the body names them in a field, or somewhere in its text as a word."""
    if names_in(body, person.replaced.get):
        return True
    text = body.decode("utf-8", "replace")
    return person.text(text) != text


def _overwrite(row: WebhookEvent, person: Person) -> bool:
    """Of a body that names them the digest, too: a repeat comes in without the name by then."""
    body = bytes(row.body)
    if not body:
        return False
    kept = nameless(body, person)
    if kept == body:
        return False
    if names_in(body, person.replaced.get):
        row.body_digest = digest_of(kept)
        if row.beside_id is not None and _is_beside(row):
            row.body_digest = hashlib.sha256(f"{row.body_digest} {row.pk}".encode()).hexdigest()
    row.body = kept
    return True


def nameless(body: bytes, person: Person) -> bytes:
    """The body cut down to what is read of it, without their names."""
    return redacted_body(body, person.replaced.get)


def digest_of(body: bytes) -> str:
    return read_envelope(body).digest


def _is_beside(row: WebhookEvent) -> bool:
    """Whether another body beside the same event says the same by now."""
    others = WebhookEvent.objects.filter(beside_id=row.beside_id, body_digest=row.body_digest)
    return others.exclude(pk=row.pk).exists()


def _with_letters(person: Person) -> set[int]:
    """Events whose body has the letters of a name in it, or spells some letter by its number."""
    found: set[int] = set()
    has = "position(%s::bytea in body) > 0" if is_postgres() else "instr(body, %s) > 0"
    letters = [name.encode() for name in person.spellings()] + [rb"\u00", rb"\/"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM inbox_webhookevent WHERE "  # noqa: S608  # our own names
            + " OR ".join([has] * len(letters)),
            letters,
        )
        found.update(row[0] for row in cursor.fetchall())
    return found


def _chunks(items: Sequence[Any] | Collection[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk
