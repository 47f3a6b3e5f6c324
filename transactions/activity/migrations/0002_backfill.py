"""What was booked before there was activity, numbered by the group's id.

A group's id is given under the locks of its accounts, so it orders the entries of each account;
between accounts any order that stays is as good as another.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

MEMBERS_AT_ONCE = 1000
RANDOM_ID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}

ITEMS = """
INSERT INTO activity_memberactivity (
    public_id, member_id, group_id, number, currency,
    pending_change_minor, available_change_minor, pending_after_minor, available_after_minor)
SELECT {random_id}, member_id, group_id,
    row_number() OVER (PARTITION BY member_id ORDER BY group_id, currency),
    currency, pending, available,
    CAST(sum(pending) OVER (PARTITION BY member_id, currency ORDER BY group_id) AS bigint),
    CAST(sum(available) OVER (PARTITION BY member_id, currency ORDER BY group_id) AS bigint)
FROM (
    SELECT account.member_id, entry.group_id, account.currency,
        CAST(sum(CASE WHEN account.kind = 'pending'
            THEN entry.credit_minor - entry.debit_minor ELSE 0 END) AS bigint) AS pending,
        CAST(sum(CASE WHEN account.kind = 'available'
            THEN entry.credit_minor - entry.debit_minor ELSE 0 END) AS bigint) AS available
    FROM ledger_entry entry JOIN ledger_account account ON account.id = entry.account_id
    WHERE account.member_id BETWEEN %s AND %s
    GROUP BY account.member_id, entry.group_id, account.currency
) booked
"""
COUNTS = """
INSERT INTO activity_activitycount (member_id, item_count)
SELECT member_id, count(*) FROM activity_memberactivity
WHERE member_id BETWEEN %s AND %s GROUP BY member_id
"""
WRONG = """
SELECT count(*) FROM ledger_account account WHERE account.member_id BETWEEN %s AND %s
AND account.kind IN ('pending', 'available')
AND account.credited_minor - account.debited_minor <> COALESCE((
    SELECT CASE WHEN account.kind = 'pending'
        THEN item.pending_after_minor ELSE item.available_after_minor END
    FROM activity_memberactivity item
    WHERE item.member_id = account.member_id AND item.currency = account.currency
    ORDER BY item.number DESC LIMIT 1), 0)
"""


def number_what_was_booked(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    members = apps.get_model("members", "Member").objects.order_by("-pk")
    last = members.values_list("pk", flat=True).first() or 0
    random_id = RANDOM_ID[schema_editor.connection.vendor]
    with schema_editor.connection.cursor() as cursor:
        for start in range(1, last + 1, MEMBERS_AT_ONCE):
            between = [start, start + MEMBERS_AT_ONCE - 1]
            cursor.execute(ITEMS.format(random_id=random_id), between)
            cursor.execute(COUNTS, between)
            cursor.execute(WRONG, between)
            (wrong,) = cursor.fetchone()
            if wrong:
                raise RuntimeError(
                    f"The activity of {wrong} accounts of members {between[0]} to {between[1]} "
                    "does not end at their balances. Run manage.py verify_ledger."
                )


def forget(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for name in ("MemberActivity", "ActivityCount"):
        apps.get_model("activity", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("activity", "0001_initial"), ("ledger", "0002_guards")]
    operations = [migrations.RunPython(number_what_was_booked, forget)]
