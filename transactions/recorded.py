"""What a revision carries beside the order's state, compared with what it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import F

from offers.rules.store import rule_history
from offers.rules.terms import CategoryShare, Terms
from rewards_site.button.reading import read_transaction
from rewards_site.button.schemas import TransactionObservation
from rewards_site.button.wirejson import parse
from transactions.derived import Derived, Evidence
from transactions.ledger.balances import Difference
from transactions.merging.checking import Merge
from transactions.models import RevisionKind, Source, Transaction, TransactionRevision
from transactions.order import reward_change

CLOCKS_APART_MAX = timedelta(hours=1)
"""What is read at the door is by another clock than the books', and nobody says how true it is."""

Merges = Mapping[tuple[int, int], Merge]
_BY_NOBODY_AT_BUTTON = {Source.STAFF, Source.SCHEDULE}


def wrong_currencies() -> Iterator[Difference]:
    """Orders in another currency than their Button account's, which has one for ever."""
    rows = Transaction.objects.exclude(account__currency=F("currency")).order_by("pk")
    for pk, own, account, of_account in rows.values_list(
        "pk", "currency", "account", "account__currency"
    ).iterator():
        yield Difference(
            f"transaction {pk}", f"is in {own}; its account {account} is in {of_account}"
        )


def wrong_record(
    row: Transaction,
    before: TransactionRevision | None,
    revision: TransactionRevision,
    known: Derived | None,
    derived: Derived,
) -> Iterator[str]:
    """What is wrong with `revision`, which came after `before`, as sentences.

    `known` and `derived` are the order before and after it, derived again.
    """
    change = reward_change(known.order, derived.order) if known else derived.order.reward_minor
    if revision.change_minor != change:
        yield f"says the reward changed by {revision.change_minor}; derived again it is {change}"
    if revision.is_test != derived.order.is_test:
        yield f"says test {revision.is_test}; derived again it is {derived.order.is_test}"
    if (revision.source in _BY_NOBODY_AT_BUTTON) != (revision.observation is None):
        yield f"came by {revision.source}, and is of kind {revision.kind}"
    group = revision.entry_group
    if group is not None and group.posted_at != revision.recorded_at:
        yield f"was recorded at {revision.recorded_at}, its group was posted at {group.posted_at}"
    if before is not None and not _is_later(before, revision):
        yield (
            f"was recorded at {revision.recorded_at}, not after the revision before it "
            f"({before.recorded_at})"
        )
    yield from _wrong_evidence(row, revision)


def _is_later(before: TransactionRevision, revision: TransactionRevision) -> bool:
    """What Button told at once, in one batch, is recorded at one instant."""
    if before.kind == revision.kind == RevisionKind.TOLD:
        return revision.recorded_at >= before.recorded_at
    return revision.recorded_at > before.recorded_at


def _wrong_evidence(row: Transaction, revision: TransactionRevision) -> Iterator[str]:
    if revision.observation is None:
        if revision.occurred_at != revision.read_at:
            yield f"occurred at {revision.occurred_at}, and staff acted at {revision.read_at}"
        if revision.child_id is not None:
            yield f"names child {revision.child_id}, though Button told nothing"
        return
    told = TransactionObservation.from_json(revision.observation)
    if told.modified_at != revision.occurred_at:
        yield f"occurred at {revision.occurred_at}; Button told {told.modified_at}"
    tx_ids = {child.pk: child.tx_id for child in row.children.all()}
    tx_id = tx_ids.get(revision.child_id or 0)
    if tx_id != told.tx_id:
        yield f"is of child {revision.child_id} ({tx_id}); Button told of {told.tx_id}"
    if revision.raw_row:
        yield from _wrong_row(revision.raw_row, told)


def _wrong_row(raw_row: str, told: TransactionObservation) -> Iterator[str]:
    """The row of the API as it came. What is optional in it may be read otherwise by now."""
    try:
        again = read_transaction(parse(raw_row.encode()))
    except ValueError as error:  # NotJson, Unreadable
        yield f"keeps a row of the API that cannot be read: {error}"
        return
    if _needed(again) != _needed(told):
        yield f"keeps a row of the API that says {_needed(again)}; it was read as {_needed(told)}"


def _needed(told: TransactionObservation) -> tuple[str, str, str, int, str, str]:
    return (
        told.tx_id,
        told.account_id,
        told.status.value,
        told.amount_minor,
        told.currency,
        told.modified_at.isoformat(),
    )


def wrong_first_sight(row: Transaction, first: TransactionRevision) -> Iterator[str]:
    """An order is first seen after what was told of it came in, and before that is recorded."""
    seen = row.first_seen_at
    earliest, latest = sorted([first.read_at, first.recorded_at])
    if not earliest - CLOCKS_APART_MAX <= seen <= latest + CLOCKS_APART_MAX:
        yield (
            f"first_seen_at stands as {seen}; it was told at {first.read_at}, "
            f"and that was recorded at {first.recorded_at}"
        )


def rules_on_record() -> dict[tuple[str, int], Terms]:
    """(rule, version) → what it promised, of every version that was ever published."""
    return {(rule.id, rule.version): rule.terms for rule in rule_history()}


def wrong_terms(
    revision: TransactionRevision, rules: Mapping[tuple[str, int], Terms], evidence: Evidence
) -> Iterator[str]:
    """Terms that say they are a rule's, which never promised that; and its categories' likewise.

    Those of a click stand by themselves: they are frozen with it.
    """
    terms = Terms.from_json(revision.terms)
    if any(click.terms == terms for click in evidence.naming.clicks.values()):
        return
    parts: list[Terms | CategoryShare] = [terms, *terms.category_shares]
    for part in parts:
        if part.rule_id is None or part.version is None:
            continue
        rule = rules.get((part.rule_id, part.version))
        if rule is None:
            yield f"goes by {part.rule_id}, version {part.version}: no such rule was published"
        elif not _promised(part, rule):
            yield f"goes by {part}; that version promised {rule}"


def _promised(part: Terms | CategoryShare, rule: Terms) -> bool:
    if isinstance(part, Terms):
        return replace(part, category_shares=()) == rule
    return part.share_bps == rule.share_bps


def wrong_click(row: Transaction, known: Derived, evidence: Evidence) -> Iterator[str]:
    """A click that its words do not name, or that is somebody else's; or none, though they do.

    Whose click it was may have been somebody else's then, if two members were merged since.
    """
    if row.click_id == known.order.click_id:
        return
    whose = evidence.people.get(row.member_id or 0, frozenset())
    if row.click_id is None and len(whose) > 1:
        return
    yield f"click stands as {row.click_id}; derived again it is {known.order.click_id}"


def wrong_merged(
    before: TransactionRevision | None, revision: TransactionRevision, merges: Merges
) -> Iterator[str]:
    """A merge that the revision tells of and nobody decided, or decided otherwise."""
    if before is None or revision.kind != RevisionKind.MERGED:
        return
    pairs = _pairs(before, revision)
    if not pairs:
        yield "says that members were merged, and nothing of it changed hands"
        return
    found = [merges[pair] for pair in pairs if pair in merges]
    if not found:
        words = ", or of ".join(f"member {old} with {new}" for old, new in pairs)
        yield f"tells of a merge that is not on record: of {words}"
    for merge in found:
        told = (revision.occurred_at, revision.actor_id, revision.approver_id, revision.reason)
        if told != merge.decided:
            yield f"is not as merge {merge.pk} was decided: when, by whom, and why"
        others = sorted(merge.posted_at - {revision.recorded_at})
        if others:
            yield f"was recorded at {revision.recorded_at}; merge {merge.pk} was at {others[0]}"


def _pairs(before: TransactionRevision, revision: TransactionRevision) -> list[tuple[int, int]]:
    """Who may have been merged with whom: whose the order was, or who kept some of it."""
    if before.member_id != revision.member_id:
        return [(before.member_id or 0, revision.member_id or 0)]
    gone = before.unrecovered.keys() - revision.unrecovered.keys()
    return [(int(old), int(new)) for old in gone for new in revision.unrecovered]


def is_before_its_cause(posted_at: datetime, decided_at: datetime, *, now: datetime) -> bool:
    """Whether something was booked before anybody decided it.

    A decision that lies ahead of `now` was dated by a clock that is wrong: it says nothing.
    """
    return decided_at <= now and posted_at < decided_at - CLOCKS_APART_MAX
