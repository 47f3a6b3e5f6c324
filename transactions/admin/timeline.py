"""An order's time line: all that was told, found, decided and booked, newest first.

As many queries for 1 revision as for 1,000: one page of revisions, and all else that belongs to
that stretch of time (docs/decisions/0038). What the reader's role does not show is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.button.schemas import APP_INSTALL
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import may_view
from rewards_site.kernel.admin.text import displayable, label, money_text, utc_text
from transactions.admin.bookings import bookings_of
from transactions.admin.differences import Difference, Said, differences_of, precise_text
from transactions.admin.moments import ADDED_MAX, Chapter, Moment, additions, within
from transactions.admin.reward_story import sum_text
from transactions.ledger.models import Entry
from transactions.models import (
    RevisionKind,
    Source,
    Transaction,
    TransactionChild,
    TransactionRevision,
)

REVISIONS_SHOWN_MAX = 25
_COMPARED_WITH_MAX = 25
"""So many revisions before the page's oldest are read, to tell what changed from what."""
_TITLES = {
    RevisionKind.ASSIGNED: "Staff named the member",
    RevisionKind.MOVED: "Staff moved it to another member",
    RevisionKind.ACCEPTED: "Staff accepted a change that Button told",
    RevisionKind.KEPT: "Staff kept ours, and took the rest of what Button told",
    RevisionKind.MERGED: "Staff merged its member with another",
}
_TONES = {"validated": "good", "declined": "bad", "pending": "wait"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A moment with its time as people read it."""

    moment: Moment
    day: str
    """Empty where it is the day of the line above."""
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    lines: list[Line]
    notes: list[str]
    older_url: str = ""
    newest_url: str = ""


def timeline_of(
    request: HttpRequest,
    order: Transaction,
    children: Sequence[TransactionChild],
    *,
    before: int | None = None,
) -> Timeline:
    """One page of it; `before` is the number of the revision that the page before ended with."""
    read = _read(order, before)
    newer = read.pop(0) if before is not None and read and read[0].number == before else None
    shown = read[:REVISIONS_SHOWN_MAX]
    has_older = len(read) > REVISIONS_SHOWN_MAX
    chapter = Chapter(
        order=order,
        children=children,
        revisions=shown,
        since=shown[-1].recorded_at if has_older else None,
        until=newer.recorded_at if newer else None,
    )
    added = additions(request, chapter)
    evidence: dict[int, list[Any]] = {}
    for addition in added:
        for number, links in addition.evidence.items():
            evidence.setdefault(number, []).extend(links)
    moments = [
        *_revision_moments(request, chapter, read, evidence),
        *_proposal_moments(request, chapter),
        *(moment for addition in added for moment in addition.moments),
    ]
    return Timeline(
        lines=_lines(sorted(moments, key=lambda one: (one.at, one.number), reverse=True)),
        notes=[addition.note for addition in added if addition.note],
        older_url=f"?before={shown[-1].number}" if has_older else "",
        newest_url="?" if newer is not None else "",
    )


def _read(order: Transaction, before: int | None) -> list[TransactionRevision]:
    rows = order.revisions.select_related("child", "member", "actor", "approver", "entry_group")
    if before is not None:
        rows = rows.filter(number__lte=before)
    most = REVISIONS_SHOWN_MAX + _COMPARED_WITH_MAX + 1
    return list(rows.defer("raw_row", "child__told").order_by("-number")[:most])


def _revision_moments(
    request: HttpRequest,
    chapter: Chapter,
    read: Sequence[TransactionRevision],
    evidence: Mapping[int, Sequence[Any]],
) -> Iterable[Moment]:
    order = chapter.order
    oldest_first = list(reversed(read))
    said = differences_of(
        oldest_first, order.currency, is_whole=bool(read) and read[-1].number == 1
    )
    before = dict(zip((row.number for row in oldest_first[1:]), oldest_first, strict=False))
    booked = bookings_of(chapter.revisions) if may_view(request, Entry) else {}
    for revision in chapter.revisions:
        news = said[revision.number]
        yield Moment(
            at=revision.recorded_at,
            number=revision.number,
            title=_TITLES.get(RevisionKind(revision.kind), _told_title(revision)),
            tone=_TONES.get(revision.status, "quiet"),
            marks=[label(revision.status)],
            gist=_gist(revision, reward_currency_of(revision, order)),
            facts=[*_facts(revision), *evidence.get(revision.number, [])],
            reason=displayable(revision.reason),
            warnings=_warnings(revision, order.currency),
            differences=[*_of_member(before.get(revision.number), revision), *news.differences],
            is_first=news.is_first,
            silent_about=", ".join(news.silent_about),
            reckoning=_reckoning(revision, news, order),
            booking=booked.get(revision.entry_group_id or 0),
        )


def reward_currency_of(revision: TransactionRevision, order: Transaction) -> str:
    revision.transaction = order  # as it is read already
    return revision.reward_currency


def _told_title(revision: TransactionRevision) -> str:
    return "The sync found" if revision.source == Source.SYNC else "Button told by webhook"


def _gist(revision: TransactionRevision, currency: str) -> str:
    reward = f"reward {money_text(revision.reward_minor, currency)}"
    if not revision.change_minor:
        return reward
    return f"{reward} ({signed_text(revision.change_minor, currency)})"


def _facts(revision: TransactionRevision) -> list[Any]:
    facts: list[Any] = [link(f"revision {revision.number}", page_url(revision))]
    if revision.child is not None:
        facts.append(link(revision.child, page_url(revision.child)))
    if revision.observation is not None:
        facts.append(f"Button's time {_when(revision.occurred_at)}")
    if revision.actor is not None:
        facts.append(f"by {displayable(revision.actor.get_username())}")
    if revision.approver is not None:
        facts.append(f"approved by {displayable(revision.approver.get_username())}")
    return facts


def _when(at: datetime) -> str:
    return precise_text(at) if at.microsecond else utc_text(at)


def _warnings(revision: TransactionRevision, currency: str) -> list[str]:
    texts = [displayable(str(flag)) for flag in revision.flags]
    if revision.missing_from is not None:
        texts.append(
            f"states may be missing between {_between(revision)}: the API shows the latest state "
            "only, and steps before it were never told"
        )
    told = revision.observation
    if told is not None and told.get("status") != revision.status:
        texts.append(
            f"told as {told.get('status')}, {money_text(told.get('amount_minor'), currency)}; "
            f"another tx id, or a later word, decides: the order is {revision.status}"
        )
    return texts


def _between(revision: TransactionRevision) -> str:
    """With milliseconds where the two would read the same."""
    first, last = revision.missing_from, revision.missing_until
    if first is None or last is None or utc_text(first) != utc_text(last):
        return f"{utc_text(first)} and {utc_text(last)}"
    return f"{precise_text(first)} and {precise_text(last)}"


def _of_member(
    before: TransactionRevision | None, revision: TransactionRevision
) -> list[Difference]:
    if before is None or before.member_id == revision.member_id:
        return []
    return [
        Difference(
            name="member",
            before=displayable(str(before.member)) if before.member else "nobody",
            after=displayable(str(revision.member)) if revision.member else "nobody",
        )
    ]


def _reckoning(revision: TransactionRevision, said: Said, order: Transaction) -> str:
    """Only where the reward moved, or where there is nothing else to read."""
    if not (revision.change_minor or said.is_first) or revision.status == "declined":
        return ""
    if revision.reward_minor == 0 and revision.commission_minor > 0 and revision.is_test:
        return "Test money rewards nothing."
    if revision.reward_minor == 0 and order.category == APP_INSTALL:
        return "An app install rewards nothing."
    text = sum_text(
        revision.terms,
        commission_minor=revision.commission_minor,
        reward_minor=revision.reward_minor,
        currency=order.currency,
    )
    source = displayable(str(revision.terms.get("source", "")))
    return f"{text} ({source})" if text and source else text


def _proposal_moments(request: HttpRequest, chapter: Chapter) -> list[Moment]:
    """What was asked of a second person and not carried out; the rest stands in its revision."""
    rows = Proposal.objects.filter(subject=f"transaction/{chapter.order.pk}")
    asked = rows.exclude(status=ProposalStatus.APPROVED).select_related("proposed_by", "decided_by")
    can_open = may_view(request, Proposal)
    moments = [
        proposal_moment(row, is_linked=can_open) for row in asked.order_by("-pk")[:ADDED_MAX]
    ]
    return within(chapter, moments)


def proposal_moment(row: Proposal, *, is_linked: bool) -> Moment:
    """Something asked of a second person: it waits, or came to nothing."""
    facts: list[Any] = [link(f"proposal {row.pk}", page_url(row) if is_linked else "")]
    facts.append(f"proposed by {displayable(row.proposed_by.get_username())}")
    is_open = row.status == ProposalStatus.OPEN
    if row.decided_by is not None:
        facts.append(f"{row.status} by {displayable(row.decided_by.get_username())}")
    why = [row.reason, row.decision_reason]
    return Moment(
        at=row.proposed_at if is_open else row.decided_at or row.proposed_at,
        title="Waits for a second person" if is_open else f"A proposal was {row.status}",
        tone="warn" if is_open else "quiet",
        marks=[label(row.status)],
        facts=[displayable(row.summary), *facts],
        reason=displayable(" / ".join(text for text in why if text)),
    )


def signed_text(minor: int, currency: str) -> str:
    """`minor` units with their sign: +3.63 USD."""
    return f"{'+' if minor > 0 else ''}{money_text(minor, currency)}"


def _lines(moments: Sequence[Moment]) -> list[Line]:
    """With milliseconds where two of one second would read the same."""
    seconds = Counter(moment.at.replace(microsecond=0) for moment in moments)
    lines: list[Line] = []
    day = ""
    for moment in moments:
        is_crowded = seconds[moment.at.replace(microsecond=0)] > 1
        text = precise_text(moment.at) if is_crowded else utc_text(moment.at)
        today, _, time = text.partition(" ")
        lines.append(Line(moment=moment, day=today if today != day else "", time=time))
        day = today
    return lines
