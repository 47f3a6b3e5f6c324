"""What deferred rows of the API say of a person, overwritten; what is only a memory goes."""

from __future__ import annotations

import hashlib

from accounts_sync.models import DeferredRow, SeenRow
from accounts_sync.rows import digest_of
from rewards_site.button import wirejson
from rewards_site.button.redaction import names_anybody, redacted
from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import naming
from transactions.erasing import ORDERS, TX_IDS

_ROWS = "deferred rows"


def search(person: Person) -> None:
    named = naming(DeferredRow.objects.all(), ["row", "reason"], person)
    theirs = DeferredRow.objects.filter(transaction_id__in=person.found[ORDERS])
    told = DeferredRow.objects.filter(tx_id__in=person.found[TX_IDS])
    person.found[_ROWS] = {
        pk for rows in (named, theirs, told) for pk in rows.values_list("pk", flat=True)
    }


def erase(person: Person) -> int:
    """Locks those rows, by pk."""
    locked = DeferredRow.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    touched = 0
    for row in locked.filter(pk__in=person.found[_ROWS]):
        raw = wirejson.parse(row.row.encode())
        is_named = names_anybody(raw, person.replaced.get)
        is_theirs = row.transaction_id in person.found[ORDERS] or row.tx_id in person.found[TX_IDS]
        if not (is_named or is_theirs or person.text(row.row) != row.row):
            continue
        kept = redacted(raw, person.replaced.get)
        row.row = wirejson.text_of(kept)
        row.reason = person.text(row.reason)
        if is_named:  # Button's next telling of it comes in without the name, and is known by that
            row.row_digest = _digest(row, digest_of(kept))
        row.save(update_fields=["row", "reason", "row_digest"])
        touched += 1
    forgotten = SeenRow.objects.filter(transaction_id__in=person.found[ORDERS]).delete()
    return touched + forgotten[0]


def _digest(row: DeferredRow, digest: str) -> str:
    """The digest, or one of its own where two rows differed in nothing but what was cut."""
    others = DeferredRow.objects.filter(account=row.account_id, row_digest=digest)
    if others.exclude(pk=row.pk).exists():
        return hashlib.sha256(f"{digest} {row.pk}".encode()).hexdigest()
    return digest
