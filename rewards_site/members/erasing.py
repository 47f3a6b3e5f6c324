"""erase(): forget who a member is. The money stays.

Two commits. The first writes the customer ids on the list of the erased (forgotten.py): from then
on nothing is taken in under them. Then whoever had begun to write before is waited for. The second
overwrites, in every room, whatever holds the person (erasure.py). Killed anywhere, the next run
ends what the first commit began; a person is never half forgotten. docs/decisions/0098.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.contrib.admin.models import LogEntry
from django.db import OperationalError

from rewards_site.kernel.db import atomic, retry_deadlocks, undo
from rewards_site.kernel.errors import Conflict, NotFound
from rewards_site.members import erasure, forgotten
from rewards_site.members.customer_ids import erased_texts
from rewards_site.members.erasure import Person
from rewards_site.members.models import CustomerIdChange, ErasedName, Erasure, Member
from rewards_site.members.overwriting import overwrite_texts
from rewards_site.members.queries import find_member, rows_of
from rewards_site.members.services import lock_members
from rewards_site.members.waiting import one_at_a_time, wait_for_writers

log = logging.getLogger(__name__)

UNDER_WAY = 0
"""No row has this key (Erasure.under_way)."""
_TRIES_MAX = 5
Progress = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Forgetting:
    """What came of it."""

    counts: dict[str, int] = field(default_factory=dict)
    """Room → rows that were overwritten."""
    names_count: int = 0
    """How many customer ids they had."""
    is_old_news: bool = False
    """They had been erased before."""
    files_left: list[str] = field(default_factory=list)
    """Files that hold the person and could not be deleted."""


def erase(
    customer_id: str,
    *,
    erased_by: str,
    at: datetime,
    actor_id: int | None = None,
    progress: Progress = lambda _text: None,
) -> Forgetting:
    """Forget whoever this customer id stands for, under all their customer ids.

    Call it outside of a transaction. Raises: NotFound (no such member), Conflict (something of
    theirs must be ended first), Unavailable (writers begun before do not end), DatabaseUnavailable.
    """
    begun = _begun(customer_id)
    if begun is None or begun.erased_at is None:
        member = begun.member if begun is not None else _member(customer_id)
        begun = retry_deadlocks(
            partial(_begin, member.pk, erased_by=erased_by, actor_id=actor_id, at=at)
        )
        progress("waiting for what is being written just now")
        wait_for_writers()
        person = _person(begun, at=at)
        _prepare(person, progress)
        _patiently(partial(_overwrite, begun, person, progress))
        begun.refresh_from_db()
        log.info("members.erased", extra={"member": person.member_id, "erasure": begun.pk})
        is_old_news = False
    else:
        is_old_news = True
    left = erasure.finish(list(begun.files)) if begun.files else []
    Erasure.objects.filter(pk=begun.pk).update(files=left)
    return Forgetting(
        counts=begun.counts,
        names_count=begun.names.count(),
        is_old_news=is_old_news,
        files_left=left,
    )


def dry_run(
    customer_id: str, *, erased_by: str, at: datetime, progress: Progress = lambda _text: None
) -> Forgetting:
    """What erase() would do; nothing is kept, though rows are locked while it is tried.

    Raises: as erase(), and Conflict for who was erased already.
    """
    if _begun(customer_id) is not None:
        raise Conflict("They were erased, or it was begun: run the command without --dry-run.")
    member = _member(customer_id)
    names = _names(tuple(rows_of(member.pk)))
    person = _of(member.pk, erased_texts(names), at=at)
    _object(person)
    _prepare(person, progress, is_dry_run=True)
    found = Forgetting(names_count=len(names))

    def work() -> None:
        with atomic():
            row = Erasure.objects.create(member=member, erased_by=erased_by, begun_at=at)
            _overwrite(row, person, progress)
            found.counts = Erasure.objects.get(pk=row.pk).counts
            undo()

    _patiently(work)
    return found


def _begun(customer_id: str) -> Erasure | None:
    """The erasure of this customer id, if there is one."""
    text = forgotten.current().text_for(customer_id)
    if text is None:
        return None
    return Erasure.objects.select_related("member").get(names__text=text)


def _member(customer_id: str) -> Member:
    member = find_member(customer_id)
    if member is None:
        raise NotFound("No member has that customer id.")
    return member


def _begin(member_id: int, *, erased_by: str, actor_id: int | None, at: datetime) -> Erasure:
    """The first commit: their customer ids are on the list."""
    with atomic():
        one_at_a_time()
        known = Erasure.objects.filter(member=member_id, erased_at=None).first()
        row_ids = tuple(rows_of(member_id))
        listed = forgotten.current()
        names = {name for name in _names(row_ids) if listed.text_for(name) is None}
        texts = erased_texts(names)
        _object(_of(member_id, texts, at=at))
        row = known or Erasure.objects.create(
            member_id=member_id, erased_by=erased_by, actor_id=actor_id, begun_at=at
        )
        hashed = [(*forgotten.hashed(name), text) for name, text in sorted(texts.items())]
        ErasedName.objects.bulk_create(
            ErasedName(erasure=row, key_id=key_id, hash=digest, text=text)
            for key_id, digest, text in hashed
        )
    return row


def _names(row_ids: tuple[int, ...]) -> set[str]:
    """All customer ids of a person."""
    return set(Member.objects.filter(pk__in=row_ids).values_list("customer_id", flat=True))


def _of(member_id: int, texts: dict[str, str], *, at: datetime) -> Person:
    row_ids = tuple(rows_of(member_id))
    return Person(member_id=member_id, row_ids=row_ids, replaced=texts, at=at)


def _person(begun: Erasure, *, at: datetime) -> Person:
    """Whom the first commit was about. Raises: Conflict, if they got another id since."""
    listed = forgotten.refresh()
    texts = {name: listed.text_for(name) for name in _names(tuple(rows_of(begun.member_id)))}
    if None in texts.values():
        raise Conflict("Their customer ids were changed just now. Run the same command again.")
    return _of(
        begun.member_id, {name: text for name, text in texts.items() if text is not None}, at=at
    )


def _object(person: Person) -> None:
    sentences = erasure.objections(person)
    if sentences:
        raise Conflict(" ".join(sentences))


def _prepare(person: Person, progress: Progress, *, is_dry_run: bool = False) -> None:
    person.found["is_dry_run"] = is_dry_run
    for room, prepare in erasure.preparers().items():
        progress(f"searching {room}")
        prepare(person)


def _patiently(work: Callable[[], None]) -> None:
    """Again where rows were locked for longer than a webhook would wait: this has time."""
    for _attempt in range(1, _TRIES_MAX):
        try:
            retry_deadlocks(work)
        except OperationalError:
            log.warning("members.erasure_waits_for_locks")
        else:
            return
    retry_deadlocks(work)


def _overwrite(begun: Erasure, person: Person, progress: Progress) -> None:
    """The second commit."""
    with atomic():
        taken = Erasure.objects.filter(pk=begun.pk, erased_at=None).update(under_way_id=UNDER_WAY)
        if not taken:
            return  # another run of the command was faster
        counts = {}
        for room, erase_room in erasure.erasers().items():
            progress(f"overwriting {room}")
            counts[room] = erase_room(person)
        Erasure.objects.filter(pk=begun.pk).update(
            under_way_id=None,
            erased_at=person.at,
            counts={room: count for room, count in counts.items() if count},
            files=person.found.get("files", []),
        )


def erase_members(person: Person) -> int:
    """The rows of members themselves. Raises: Conflict, if they got another id just now."""
    locked = lock_members(set(person.row_ids))
    if set(rows_of(person.member_id)) != set(person.row_ids) or not (
        {row.customer_id for row in locked.values()} <= person.replaced.keys()
    ):
        raise Conflict("Their customer ids were changed just now. Run the same command again.")
    _object(person)
    for row in locked.values():
        row.customer_id = person.replaced[row.customer_id]
    Member.objects.bulk_update(locked.values(), ["customer_id"])
    return len(locked) + overwrite_texts(CustomerIdChange, ["reason"], person)


def erase_staff_log(person: Person) -> int:
    """What the admin wrote down: a member is called by their customer id there."""
    return overwrite_texts(LogEntry, ["object_repr", "change_message"], person)
