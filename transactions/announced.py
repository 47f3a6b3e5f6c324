"""What members were told of bookings, compared with their activity: item by item."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from transactions.ledger.balances import Difference

_WRONG = """
SELECT notice.id, notice.kind, notice.pending_change_minor, notice.available_change_minor,
    notice.currency, notice.at, item.number, item.pending_change_minor,
    item.available_change_minor, item.currency, groups.posted_at
FROM notifications_notice notice
LEFT JOIN activity_memberactivity item
    ON item.public_id = notice.activity_id AND item.member_id = notice.member_id
LEFT JOIN ledger_entrygroup groups ON groups.id = item.group_id
WHERE notice.activity_id IS NOT NULL AND (
    item.id IS NULL
    OR item.pending_change_minor <> notice.pending_change_minor
    OR item.available_change_minor <> notice.available_change_minor
    OR item.currency <> notice.currency
    OR groups.posted_at <> notice.at)
ORDER BY notice.id
"""


def wrong_notices() -> Iterator[Difference]:
    """Notices of a booking that is not in the member's activity, or that tell another change.

    In one statement. Which bookings are told is not asked: orders from before we went live, opening
    balances and merges are not (go_live.py).
    """
    with connection.cursor() as cursor:
        cursor.execute(_WRONG)
        for row in cursor.fetchall():
            pk, kind, pending, available, currency, at, number, *item = row
            where = f"notice {pk} ({kind})"
            if number is None:
                yield Difference(where, "tells of an item of activity that its member has not")
                continue
            yield Difference(
                where,
                f"says {pending} pending, {available} available {currency} at {at}; item {number} "
                f"says {item[0]}, {item[1]} {item[2]} at {item[3]}",
            )
