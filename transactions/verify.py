"""The books derived again from what Button said and staff decided, and compared.

For every transaction its revisions are run through the same pure rules as when they were booked;
what each should have posted is compared with its entry group, and where they end with the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Prefetch

from offers.rules.reward import Terms
from rewards_site.kernel.db import snapshot
from rewards_site.members.models import Member
from transactions.booked import Booked, Loss, wrong_entries, wrong_group, wrong_losses
from transactions.derived import Derived, People, derive, people_of
from transactions.holdings import Holding, is_taken_back
from transactions.ledger import activity, balances
from transactions.ledger.balances import Difference
from transactions.ledger.models import Account, Entry, EntryGroup
from transactions.merging.checking import wrong_merges
from transactions.merging.earning import added_by_merging, earned_by_merging
from transactions.merging.models import MergedBalance
from transactions.models import RevisionKind, Transaction, TransactionRevision
from transactions.opening.checking import wrong_openings
from transactions.opening.models import OpeningClosing, OpeningLine
from transactions.order import OrderState
from transactions.stored import ORDER_FIELDS, child_state, write_order

_CHUNK = 500


@dataclass(slots=True)
class Verification:
    """What was checked, as counts, and every difference that was found."""

    transactions: int = 0
    revisions: int = 0
    groups: int = 0
    entries: int = 0
    member_accounts: int = 0
    differences: list[Difference] = field(default_factory=list)


def verify_ledger(*, progress: Callable[[int, int], None] | None = None) -> Verification:
    """Derive everything again, on one snapshot. `progress` gets (transactions done, of how many).

    Memory does not grow with the number of transactions; locks nothing.
    """
    found = Verification()
    with snapshot():
        added = added_by_merging()
        found.groups = EntryGroup.objects.count()
        found.entries = Entry.objects.count()
        found.member_accounts = Account.objects.filter(member__isnull=False).count()
        for check in (
            balances.wrong_groups,
            balances.wrong_accounts,
            balances.wrong_running_balances,
            lambda: balances.wrong_earnings(also=earned_by_merging(added)),
            activity.wrong_activity,
            _groups_without_cause,
            wrong_openings,
            lambda: wrong_merges(added),
        ):
            found.differences.extend(check())
        total = Transaction.objects.count()
        for chunk in _chunks():
            people = people_of([one for row in chunk for one in row.revisions.all()])
            losses: list[Loss] = []
            for transaction in chunk:
                found.transactions += 1
                found.revisions += len(transaction.revisions.all())
                found.differences.extend(_wrong_transaction(transaction, people, losses))
            found.differences.extend(wrong_losses(losses))
            found.differences.extend(_kept_by_nobody(chunk))
            if progress:
                progress(found.transactions, total)
    return found


def _chunks() -> Iterator[Sequence[Transaction]]:
    revisions = (
        TransactionRevision.objects.select_related("entry_group", "member")
        .prefetch_related(
            Prefetch("entry_group__entries", queryset=Entry.objects.select_related("account"))
        )
        .order_by("number")
    )
    after = 0
    while True:
        chunk = list(
            Transaction.objects.filter(pk__gt=after)
            .order_by("pk")
            .prefetch_related("children", Prefetch("revisions", queryset=revisions))[:_CHUNK]
        )
        if not chunk:
            return
        yield chunk
        after = chunk[-1].pk


def _groups_without_cause() -> Iterator[Difference]:
    others = (OpeningLine, OpeningClosing, MergedBalance)
    rows = EntryGroup.objects.filter(
        ~Exists(TransactionRevision.objects.filter(entry_group=OuterRef("pk"))),
        *(~Exists(model._default_manager.filter(entry_group=OuterRef("pk"))) for model in others),
    )
    for group in rows.order_by("pk").iterator():
        yield Difference(
            f"entry group {group.pk}", f"no revision caused it, nor anything else ({group.cause})"
        )


def _wrong_transaction(
    row: Transaction, people: People, losses: list[Loss]
) -> Iterator[Difference]:
    """What is wrong with one order; what was taken back in it is left in `losses` to be checked."""
    where = f"transaction {row.order_key} ({row.pk})"
    known: Derived | None = None
    had: set[int] = set()
    revisions = list(row.revisions.all())
    for position, revision in enumerate(revisions, start=1):
        here = f"{where}, revision {revision.number}"
        if revision.number != position:
            yield Difference(here, f"should be number {position}")
        derived = derive(known, revision, people)
        if isinstance(derived, str):
            yield Difference(here, derived)
            return
        for problem in derived.problems:
            yield Difference(here, problem)
        yield from _wrong_revision(here, derived.order, revision)
        held = known.held if known else Holding(currency=row.currency)
        if revision.kind == RevisionKind.MERGED:
            held = derived.held  # the money went with all that the member had (merging/)
        booked = Booked(here, revision, held, derived.held)
        yield from wrong_entries(booked)
        yield from wrong_group(booked, had, people)
        if is_taken_back(held, derived.held) and revision.kind != RevisionKind.TOLD:
            losses.append(Loss(here, revision.pk, held, derived.held))
        if derived.member_id is not None and derived.held.is_final and derived.held.reward_minor:
            had.add(derived.member_id)
        known = derived
    yield from _wrong_row(where, row, known, revisions)


def _wrong_revision(
    where: str, state: OrderState, revision: TransactionRevision
) -> Iterator[Difference]:
    derived = (
        state.status,
        state.commission_minor,
        state.reward_minor,
        state.merchant_id,
        state.terms,
    )
    stored = (
        revision.status,
        revision.commission_minor,
        revision.reward_minor,
        revision.merchant_id,
        Terms.from_json(revision.terms),
    )
    if derived != stored:
        yield Difference(where, f"says {_words(stored)}; derived again it is {_words(derived)}")


def _words(values: tuple[object, ...]) -> str:
    names = ("status", "commission", "reward", "merchant", "terms")
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))


def _kept_by_nobody(chunk: Sequence[Transaction]) -> Iterator[Difference]:
    """Orders of which somebody is said to keep something who is no member, or not any more."""
    ids = {int(key) for row in chunk for key in row.unrecovered if key.isdecimal()}
    if not any(row.unrecovered for row in chunk):
        return
    members = set(
        Member.objects.filter(pk__in=ids, same_as__isnull=True).values_list("pk", flat=True)
    )
    for row in chunk:
        for key in row.unrecovered:
            if not key.isdecimal() or int(key) not in members:
                yield Difference(
                    f"transaction {row.order_key} ({row.pk})",
                    f"member {key} is said to keep some of it, and was merged or never was",
                )


def _wrong_row(
    where: str,
    row: Transaction,
    known: Derived | None,
    revisions: Sequence[TransactionRevision],
) -> Iterator[Difference]:
    """The order and its children, as they stand, against where the revisions end."""
    if known is None:
        yield Difference(where, "stands without a revision")
        return
    state = known.order
    fresh = Transaction(
        category=state.category,
        currency=state.currency,
        order_key=min(state.children),
        revision_count=len(revisions),
        final_at=known.final_at,
    )
    write_order(fresh, state, member_id=known.member_id, at=revisions[-1].recorded_at)
    if fresh.button_order_id is None and len(state.children) == 1:
        fresh.order_key = next(iter(state.children))
    for name in _ROW_FIELDS:
        if getattr(row, name) != getattr(fresh, name):
            yield Difference(
                where,
                f"{name} stands as {getattr(row, name)}; its revisions say {getattr(fresh, name)}",
            )
    if {child.tx_id: child_state(child) for child in row.children.all()} != state.children:
        yield Difference(where, "its children are not as its revisions say")


_ROW_FIELDS = (*ORDER_FIELDS, "currency")
"""What the revisions tell of an order."""
