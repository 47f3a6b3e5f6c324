"""What this floor adds to an order's time line: the evidence, and what of it had to wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from accounts_sync.deferred_items import ItemRef, with_verdict
from accounts_sync.deferred_items import Source as Way
from accounts_sync.inbox.models import DeferredDecision, EventStatus, Verdict, WebhookEvent
from accounts_sync.models import DeferredRow, DeferredStatus, SyncRun
from accounts_sync.run_at import run_at_url
from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import may_view
from rewards_site.kernel.admin.text import displayable, label
from transactions.admin import moments
from transactions.admin.moments import ADDED_MAX, Addition, Chapter, Moment
from transactions.admin.timeline import proposal_moment
from transactions.models import Source

R = TypeVar("R", bound=Model)
_TITLES = {
    EventStatus.IGNORED: "A webhook told nothing new",
    EventStatus.DEFERRED: "A webhook could not be applied, and waits",
    EventStatus.REJECTED: "A webhook was rejected",
    EventStatus.CONFLICTING: "Another body came under a known webhook id",
}
_TONES = {EventStatus.DEFERRED: "warn", EventStatus.CONFLICTING: "warn"}


def add_moments(request: HttpRequest, chapter: Chapter) -> Addition:
    """Webhooks and runs behind the revisions; what was ignored, deferred or rejected.

    Who may not read webhook events or rows still reads that something waits, and why.
    """
    events = list(_of_order(_other_events(), chapter, "received_at"))
    rows = list(_of_order(with_verdict(DeferredRow.objects.all(), "row"), chapter, "first_seen_at"))
    found = [
        *(_event_moment(request, event) for event in events[:ADDED_MAX]),
        *(_row_moment(request, row) for row in rows[:ADDED_MAX]),
        *_decision_moments(request, chapter),
        *_proposals(request, events, rows),
    ]
    is_cut = max(len(events), len(rows)) > ADDED_MAX
    return Addition(
        moments=found,
        evidence=_evidence(request, chapter),
        note=f"More than {ADDED_MAX} things came in this time; the oldest are left out."
        if is_cut
        else "",
    )


def _other_events() -> QuerySet[WebhookEvent]:
    """All but those that became a revision."""
    others = WebhookEvent.objects.exclude(status=EventStatus.PROCESSED).defer("body")
    return with_verdict(others, "event")


def _of_order(rows: QuerySet[R], chapter: Chapter, time: str) -> QuerySet[R]:
    """What is about the order in the chapter's time, newest first, and one more than is shown."""
    rows = rows.filter(Q(transaction=chapter.order.pk) | Q(tx_id__in=chapter.tx_ids))
    if chapter.since is not None:
        rows = rows.filter(**{f"{time}__gte": chapter.since})
    if chapter.until is not None:
        rows = rows.filter(**{f"{time}__lt": chapter.until})
    return rows.order_by("-pk")[: ADDED_MAX + 1]


def _evidence(request: HttpRequest, chapter: Chapter) -> dict[int, list[Any]]:
    """Revision number → the webhook it came by, or the run that read it."""
    links: dict[int, list[Any]] = {}
    if may_view(request, SyncRun):
        for revision in chapter.revisions:
            if revision.source == Source.SYNC:
                url = run_at_url(chapter.order.account_id, revision.read_at)
                links[revision.number] = [link("the sync run that read it", url)]
    told = [revision for revision in chapter.revisions if revision.source == Source.WEBHOOK]
    if not told or not may_view(request, WebhookEvent):
        return links
    events = WebhookEvent.objects.filter(
        tx_id__in=chapter.tx_ids, received_at__in={revision.read_at for revision in told}
    ).only("pk", "hook_id", "tx_id", "received_at", "delivery_count")
    by_key = {(event.tx_id, event.received_at): event for event in events[: len(told) * 2]}
    for revision in told:
        event = by_key.get((str(revision.child), revision.read_at))
        if event is not None:
            links[revision.number] = [link(event, page_url(event)), *_times(event)]
    return links


def _times(event: WebhookEvent) -> list[str]:
    return [f"delivered {event.delivery_count} times"] if event.delivery_count > 1 else []


def _event_moment(request: HttpRequest, event: WebhookEvent) -> Moment:
    status = EventStatus(event.status)
    can_open = may_view(request, WebhookEvent)
    return Moment(
        at=event.received_at,
        title=_TITLES.get(status, "A webhook came"),
        tone=_TONES.get(status, "quiet"),
        marks=[label(event.status)],
        facts=[
            displayable(event.event_type),
            link(event, page_url(event) if can_open else ""),
            *_times(event),
        ],
        warnings=[displayable(event.reason)] if event.reason else [],
    )


def _row_moment(request: HttpRequest, row: DeferredRow) -> Moment:
    is_open = row.status == DeferredStatus.OPEN
    verdict = getattr(row, "verdict", None)
    can_open = may_view(request, DeferredRow)
    return Moment(
        at=row.first_seen_at,
        title="A row of the API could not be applied" + (", and waits" if is_open else ""),
        tone="warn" if is_open else "quiet",
        marks=[label(row.status if is_open else verdict or row.status)],
        facts=[
            link(row, page_url(row) if can_open else ""),
            f"seen {row.seen_count} {'time' if row.seen_count == 1 else 'times'}",
        ],
        warnings=[displayable(row.reason)],
    )


def _decision_moments(request: HttpRequest, chapter: Chapter) -> list[Moment]:
    """Rejected, opened again; what was accepted or kept stands in its revision."""
    decisions = DeferredDecision.objects.filter(
        transaction=chapter.order.pk, verdict__in=[Verdict.REJECTED, Verdict.REOPENED]
    ).select_related("actor", "approver", "event", "row")
    found = []
    for decision in decisions.defer("event__body", "row__row").order_by("-pk")[:ADDED_MAX]:
        about = decision.event or decision.row
        can_open = about is not None and may_view(request, type(about))
        words = {Verdict.REJECTED: "Staff rejected it", Verdict.REOPENED: "Staff opened it again"}
        found.append(
            Moment(
                at=decision.decided_at,
                title=words[Verdict(decision.verdict)],
                marks=[label(decision.verdict)],
                facts=[
                    link(about, page_url(about) if about is not None and can_open else ""),
                    f"by {displayable(decision.actor.get_username())}",
                ],
                reason=displayable(decision.reason),
            )
        )
    return moments.within(chapter, found)


def _proposals(
    request: HttpRequest, events: Sequence[WebhookEvent], rows: Sequence[DeferredRow]
) -> list[Moment]:
    """What waits for a second person about something deferred of the order."""
    subjects = [
        *(str(ItemRef(Way.EVENT, event.pk)) for event in events),
        *(str(ItemRef(Way.ROW, row.pk)) for row in rows),
    ]
    if not subjects:
        return []
    waiting = Proposal.objects.filter(subject__in=subjects, status=ProposalStatus.OPEN)
    can_open = may_view(request, Proposal)
    return [
        proposal_moment(row, is_linked=can_open)
        for row in waiting.select_related("proposed_by", "decided_by")[:ADDED_MAX]
    ]


moments.register(add_moments)
