"""What orders say of a person, overwritten: names that Button told, raw rows, what staff wrote.

The same text takes the place of a name wherever it was told, in the revisions and in what was made
of them: so whatever is derived again from the revisions comes to where the orders stand.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import Q

from rewards_site.button import wirejson
from rewards_site.button.redaction import NAMES, names_anybody, redacted
from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import naming, overwrite_texts
from transactions.heard import Word
from transactions.models import Transaction, TransactionChild, TransactionRevision
from transactions.states import HEARD

log = logging.getLogger(__name__)

ORDERS, TX_IDS = "orders", "tx ids"
"""What search() leaves in Person.found for this and other rooms: primary keys, `tx` ids."""
_AT_ONCE = 200


def search(person: Person) -> None:
    """All orders that were ever theirs, or told in their name."""
    names = list(person.replaced)
    told = Q(customer_id_told__in=names) | Q(pub_ref__in=names)
    revisions = TransactionRevision.objects.all()
    orders = set(Transaction.objects.filter(told).values_list("pk", flat=True))
    orders |= _theirs(person)
    for row in naming(revisions, ["observation", "raw_row", "reason"], person).iterator():
        if _is_named(row, person):
            orders.add(row.transaction_id)
    children = TransactionChild.objects.filter(transaction_id__in=orders)
    person.found[ORDERS] = orders
    person.found[TX_IDS] = set(children.values_list("tx_id", flat=True))


def _is_named(row: TransactionRevision, person: Person) -> bool:
    """The database looks for the letters; a short id stands in many a word."""
    raw = wirejson.parse(row.raw_row.encode()) if row.raw_row else None
    return (
        _observation(row.observation, person) != row.observation
        or person.text(row.reason) != row.reason
        or person.text(row.raw_row) != row.raw_row
        or names_anybody(raw, person.replaced.get)
    )


def _theirs(person: Person) -> set[int]:
    now = Transaction.objects.filter(member_id__in=person.row_ids).values_list("pk", flat=True)
    once = TransactionRevision.objects.filter(member_id__in=person.row_ids)
    return {*now, *once.values_list("transaction_id", flat=True)}


def erase(person: Person) -> int:
    """Locks all those orders, by pk."""
    ids = sorted(person.found[ORDERS] | _theirs(person))
    touched = 0
    for some in _chunks(ids):
        locked = Transaction.objects.select_for_update(of=("self",), no_key=True)
        orders = list(locked.filter(pk__in=some).order_by("pk"))
        touched += _overwrite(orders, ["customer_id_told", "pub_ref"], person)
        children = TransactionChild.objects.filter(transaction_id__in=some)
        touched += _overwrite(children, ["told"], person)
        revisions = TransactionRevision.objects.filter(transaction_id__in=some)
        touched += _overwrite(revisions, ["observation", "raw_row"], person)
        touched += overwrite_texts(revisions, ["reason"], person)
    return touched


def _overwrite(rows: Iterable[Any], names: Sequence[str], person: Person) -> int:
    rows = list(rows)
    changed = []
    for row in rows:
        values = {name: _NAMELESS[name](getattr(row, name), person) for name in names}
        if any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
    if changed:
        type(changed[0]).objects.bulk_update(changed, list(names), batch_size=_AT_ONCE)
    return len(changed)


def _text(told: str, person: Person) -> str:
    return person.text(told)


def _observation(told: dict[str, Any] | None, person: Person) -> dict[str, Any] | None:
    """Nothing else of it may change: the database refuses that (guards.py)."""
    if told is None:
        return None
    return {
        name: person.text(value) if name in NAMES and isinstance(value, str) else value
        for name, value in told.items()
    }


def _raw_row(told: str, person: Person) -> str:
    """Cut down to what was read of it: what else Button sends may say who somebody is."""
    if not told:
        return told
    return wirejson.text_of(redacted(wirejson.parse(told.encode()), person.replaced.get))


def _told(told: dict[str, Any], person: Person) -> dict[str, Any]:
    facts = {
        name: [person.text(value[0]), *value[1:]] if name in NAMES else value
        for name, value in told.items()
    }
    if HEARD in facts:
        words, *rest = facts[HEARD]
        named = [[*word[:-1], _observation(word[-1], person)] for word in words]
        # Of words of the same instant their content decides which comes first (heard.py)
        in_order = sorted((Word.from_json(word) for word in named), key=lambda word: word.rank)
        facts[HEARD] = [[word.as_json() for word in in_order], *rest]
    return facts


_NAMELESS: dict[str, Any] = {
    "customer_id_told": _text,
    "pub_ref": _text,
    "told": _told,
    "observation": _observation,
    "raw_row": _raw_row,
}


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk
