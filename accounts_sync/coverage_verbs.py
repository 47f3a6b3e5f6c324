"""What ops may do about an account's coverage. Each queues work for the worker, or compares."""

from __future__ import annotations

from django.contrib import messages

from accounts_sync import beside
from accounts_sync.coverage import check_coverage, faults_of, rebuild_coverage
from accounts_sync.models import Job, Watermark
from accounts_sync.tasks import queue_beside, queue_pull_now
from rewards_site.kernel.admin.service import Attempt, ConfirmForm, Done, Verb

_PERMISSION = "accounts_sync.pull_watermark"
_QUEUED = "queued: the worker reads it as soon as it is free. Look at its runs in a minute."


def _read_now(attempt: Attempt[Watermark]) -> Done:
    queue_pull_now(attempt.row.account_id)
    return Done(message=_QUEUED)


def _read_gaps(attempt: Attempt[Watermark]) -> Done:
    beside.want(attempt.row.account_id, Job.GAP, at=attempt.at)
    queue_beside(attempt.row.account_id, Job.GAP)
    return Done(message=_QUEUED)


def _reread(attempt: Attempt[Watermark]) -> Done:
    beside.want(attempt.row.account_id, Job.REREAD, at=attempt.at)
    queue_beside(attempt.row.account_id, Job.REREAD)
    return Done(message=_QUEUED)


def _check(attempt: Attempt[Watermark]) -> Done:
    problem = check_coverage(attempt.row.account_id, at=attempt.at)
    if problem:
        return Done(message=problem, level=messages.WARNING)
    return Done(message="the union of all good runs is what stands here.")


def _rebuild(attempt: Attempt[Watermark]) -> Done:
    rebuild_coverage(attempt.row.account_id, at=attempt.at)
    return Done(message="what the runs say stands here now; gaps are read by themselves.")


def _has_no_gap(watermark: Watermark) -> str:
    return "" if faults_of(watermark) else "nothing before its watermark was left out"


def _agrees(watermark: Watermark) -> str:
    return "" if watermark.check_problem else "its runs and this page agree"


VERBS: tuple[Verb[Watermark], ...] = (
    Verb(
        name="read-gaps",
        label="Read the gaps",
        permission=_PERMISSION,
        what_happens=(
            "The worker reads what was left out, from Button. Safe to repeat: what is booked "
            "already is not booked twice, and the watermark stays where it is."
        ),
        perform=_read_gaps,
        form=ConfirmForm,
        objection=_has_no_gap,
    ),
    Verb(
        name="rebuild",
        label="Take over what the runs say",
        permission=_PERMISSION,
        what_happens=(
            "The windows here are put together anew from every good run. What none of them read "
            "becomes a gap, and is read again."
        ),
        perform=_rebuild,
        objection=_agrees,
    ),
    Verb(
        name="read-now",
        label="Read on now",
        permission=_PERMISSION,
        what_happens="The worker reads what changed since the last run, without waiting its turn.",
        perform=_read_now,
        form=ConfirmForm,
    ),
    Verb(
        name="re-read",
        label="Re-read now",
        permission=_PERMISSION,
        what_happens=(
            "The worker asks for everything created in the last months again, beside the regular "
            "runs, as it does each week. What this changes, nothing else had told."
        ),
        perform=_reread,
        form=ConfirmForm,
    ),
    Verb(
        name="check",
        label="Check against the runs",
        permission=_PERMISSION,
        what_happens="Every good run is added up and compared, as each night.",
        perform=_check,
        form=ConfirmForm,
    ),
)
