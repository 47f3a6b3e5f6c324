"""The statements of raw.py. Each takes any number of rows, as arrays."""

from typing import Final

NUMBERS: Final = """
SELECT nextval(pg_get_serial_sequence('transactions_transaction', 'id')),
       nextval(pg_get_serial_sequence('transactions_transactionchild', 'id')),
       nextval(pg_get_serial_sequence('ledger_entrygroup', 'id'))
FROM generate_series(1, %s)
"""

KNOWN: Final = """
SELECT tx_id, modified_at FROM transactions_transactionchild WHERE tx_id = ANY(%s)
"""

HOOK: Final = """
INSERT INTO inbox_webhookevent (
    hook_id, event_type, tx_id, body, body_digest, is_test, received_at, status, reason,
    delivery_count, attempt_count, last_attempt_at, transaction_id)
VALUES (%s, %s, %s, %s, %s, false, %s, 'processed', '', 1, 1, %s, %s)
ON CONFLICT (hook_id) DO NOTHING RETURNING id
"""

PARTIES: Final = """
WITH accounts AS (
    INSERT INTO transactions_buttonaccount (
        account_id, name, currency, organization, share_mode, first_seen_at)
    SELECT account_id, '', currency, '', 'shared', first_seen_at
    FROM unnest(%s::text[], %s::text[]) AS told (account_id, currency),
         (SELECT %s::timestamptz AS first_seen_at) AS now
    ON CONFLICT DO NOTHING
), merchants AS (
    INSERT INTO offers_merchant (merchant_id, name, first_seen_at)
    SELECT merchant_id, merchant_id, first_seen_at
    FROM unnest(%s::text[]) AS told (merchant_id), (SELECT %s::timestamptz AS first_seen_at) AS now
    ON CONFLICT DO NOTHING
)
INSERT INTO members_member (public_id, customer_id, created_at)
SELECT gen_random_uuid(), customer_id, created_at
FROM unnest(%s::text[]) AS told (customer_id), (SELECT %s::timestamptz AS created_at) AS now
ON CONFLICT DO NOTHING
"""

MEMBERS: Final = "SELECT customer_id, id FROM members_member WHERE customer_id = ANY(%s)"

OPEN: Final = """
INSERT INTO ledger_account (
    kind, currency, merchant_id, member_id, debited_minor, credited_minor, earned_minor,
    entry_count)
SELECT kind, currency, merchant_id, NULL, 0, 0, 0, 0
FROM unnest(%s::text[], %s::text[]) AS told (currency, merchant_id),
     unnest(ARRAY['commission_pending', 'margin_pending']) AS house (kind)
UNION ALL
SELECT 'pending', currency, NULL, member_id, 0, 0, 0, 0
FROM unnest(%s::bigint[], %s::text[]) AS told (member_id, currency)
ON CONFLICT DO NOTHING
"""

RAISE: Final = """
WITH told AS (
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[])
        AS told (member_id, currency, credit, count)
), locked AS MATERIALIZED (
    SELECT account.id, told.credit, told.count
    FROM ledger_account AS account JOIN told USING (member_id, currency)
    WHERE account.kind = 'pending'
    ORDER BY account.id FOR NO KEY UPDATE OF account
), raised AS (
    UPDATE ledger_account AS account
    SET credited_minor = account.credited_minor + locked.credit,
        entry_count = account.entry_count + locked.count,
        last_posted_at = %s
    FROM locked WHERE account.id = locked.id
    RETURNING account.id, account.kind, account.currency, account.merchant_id, account.member_id,
              account.credited_minor - account.debited_minor AS balance, account.entry_count
)
SELECT * FROM raised
UNION ALL
SELECT id, kind, currency, merchant_id, NULL, 0, 0
FROM ledger_account AS account
JOIN unnest(%s::text[], %s::text[]) AS house (currency, merchant_id) USING (currency, merchant_id)
WHERE account.member_id IS NULL AND account.kind IN ('commission_pending', 'margin_pending')
"""

COUNT: Final = """
WITH told AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS told (member_id, count)
), noticed AS (
    INSERT INTO notifications_noticecount AS known (member_id, item_count, read_up_to)
    SELECT member_id, count, 0 FROM told ORDER BY member_id
    ON CONFLICT (member_id) DO UPDATE SET item_count = known.item_count + excluded.item_count
    RETURNING member_id, item_count
), counted AS (
    INSERT INTO activity_activitycount AS known (member_id, item_count)
    SELECT member_id, count FROM told ORDER BY member_id
    ON CONFLICT (member_id) DO UPDATE SET item_count = known.item_count + excluded.item_count
    RETURNING member_id, item_count
)
SELECT counted.member_id, counted.item_count, noticed.item_count
FROM counted JOIN noticed USING (member_id)
"""

# One round trip: foreign keys and the balance check wait for the commit, so the order is free.
WRITE: Final = """
WITH orders AS (
    INSERT INTO transactions_transaction (
        terms, first_seen_at, changed_at,
        id, public_id, order_key, button_order_id, category, status, currency, commission_minor,
        reward_minor, customer_id_told, order_total_minor, order_currency, purchased_at,
        account_id, member_id, merchant_id,
        pub_ref, flags, is_test, revision_count, unrecovered, reward_currency, promotion, is_held)
    SELECT %s::jsonb, %s, %s,
        id, public_id, button_order_id, button_order_id, category, status, currency, commission,
        reward, customer_id, order_total, order_currency, purchased_at,
        account_id, member_id, merchant_id,
        '', '[]', false, 1, '{}', currency, '', false
    FROM unnest(
        %s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
        %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::timestamptz[],
        %s::text[], %s::bigint[], %s::text[]
    ) AS told (
        id, public_id, button_order_id, category, status, currency, commission,
        reward, customer_id, order_total, order_currency, purchased_at,
        account_id, member_id, merchant_id)
), children AS (
    INSERT INTO transactions_transactionchild (
        source, read_at,
        id, tx_id, status, amount_minor, created_at, modified_at, told, transaction_id)
    SELECT %s, %s, told.* FROM unnest(
        %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::timestamptz[],
        %s::jsonb[], %s::bigint[]
    ) AS told
), revisions AS (
    INSERT INTO transactions_transactionrevision (
        source, read_at, recorded_at, terms,
        observation, raw_row, occurred_at, status, commission_minor, reward_minor, change_minor,
        child_id, entry_group_id, member_id, merchant_id, transaction_id,
        number, kind, is_test, flags, reason, unrecovered, is_held)
    SELECT %s, %s, %s, %s::jsonb,
        observation, raw_row, occurred_at, status, commission, reward, reward,
        child_id, group_id, member_id, merchant_id, transaction_id,
        1, 'told', false, '[]', '', '{}', false
    FROM unnest(
        %s::jsonb[], %s::text[], %s::timestamptz[], %s::text[], %s::bigint[], %s::bigint[],
        %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[]
    ) AS told (
        observation, raw_row, occurred_at, status, commission, reward,
        child_id, group_id, member_id, merchant_id, transaction_id)
), entries AS (
    INSERT INTO ledger_entry (
        group_id, account_id, number, debit_minor, credit_minor, balance_after_minor)
    SELECT * FROM unnest(
        %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
), groups AS (
    INSERT INTO ledger_entrygroup (id, cause, kind, posted_at, entry_count)
    SELECT id, cause, 'transaction', posted_at, 3
    FROM unnest(%s::bigint[], %s::text[]) AS told (id, cause),
         (SELECT %s::timestamptz AS posted_at) AS now
), notices AS (
    INSERT INTO notifications_notice (
        public_id, member_id, number, key, kind, at, currency, after_minor, pending_change_minor,
        available_change_minor, activity_id, transaction_id, facts)
    SELECT public_id, member_id, number, key, 'reward.pending', at, currency, reward, reward,
        0, activity_id, transaction_id, facts
    FROM unnest(
        %s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::uuid[],
        %s::uuid[], %s::jsonb[]
    ) AS told (
        public_id, member_id, number, key, currency, reward, activity_id, transaction_id, facts),
        (SELECT %s::timestamptz AS at) AS now
    RETURNING id
), outbox AS (
    INSERT INTO notifications_outbox (notice_id) SELECT id FROM notices
)
INSERT INTO activity_memberactivity (
    public_id, member_id, group_id, number, currency, pending_change_minor, pending_after_minor,
    available_change_minor, available_after_minor)
SELECT told.*, 0, 0 FROM unnest(
    %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[]
) AS told
"""
