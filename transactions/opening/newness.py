"""Whether a file of opening balances is one: not brought before, as a file or line by line."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from rewards_site.kernel.errors import Conflict
from rewards_site.members.queries import member_ids
from transactions.opening.models import OpeningImport, OpeningLine
from transactions.opening.reading import Line, Sheet

_CHUNK = 1000
_NAMED_MAX = 5
"""Lines that a refusal names."""


def must_be_new(sheet: Sheet, *, may_add: bool) -> None:
    """Another name does not make another file: every member would have its balances twice.

    Raises: Conflict. It names the first of the lines that would add to what was brought before.
    """
    known = OpeningImport.objects.filter(digest=sheet.digest).first()
    if known is not None:
        raise Conflict(
            f"This very file was imported as «{known.name}» at {known.started_at:%Y-%m-%d %H:%M} "
            "UTC: it is not booked a second time."
        )
    if may_add or not OpeningLine.objects.exists():
        return
    added = [
        found
        for start in range(0, len(sheet.lines), _CHUNK)
        for found in _brought_before(sheet.lines[start : start + _CHUNK])
    ]
    if added:
        named = "; ".join(added[:_NAMED_MAX])
        more = f"; and {len(added) - _NAMED_MAX} more" if len(added) > _NAMED_MAX else ""
        raise Conflict(
            "Nothing was imported. It would add to opening balances that members have in the same "
            f"currency ({named}{more}). If they are to have both, say --also."
        )


def _brought_before(lines: Sequence[Line]) -> list[str]:
    """`line 2: USD by «cut-over»` for each whose member has a line in an import, by any id."""
    members = member_ids({line.customer_id for line in lines})
    pks = set(members.values())
    found = OpeningLine.objects.filter(Q(member__in=pks) | Q(member__same_as__in=pks))
    brought = {
        (same_as or member_id, currency): name
        for member_id, same_as, currency, name in found.values_list(
            "member", "member__same_as", "currency", "opening__name"
        )
    }
    keys = ((line, (members.get(line.customer_id, 0), line.currency)) for line in lines)
    return [
        f"line {line.number}: {line.currency} by «{brought[key]}»"
        for line, key in keys
        if key in brought
    ]
