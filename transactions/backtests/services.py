"""Asking for a back-test, and running it. The worker runs it; nobody waits for it in a request."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.cache import cache
from django_q.tasks import async_task

from offers.rules.models import RuleVersion
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable, atomic, snapshot
from rewards_site.kernel.errors import InvalidInput, NotFound
from transactions.backtests.figures import Figures
from transactions.backtests.models import BackTest, BackTestStatus
from transactions.backtests.replay import outcomes, rules_with

log = logging.getLogger(__name__)

RUN = "transactions.backtests.services.run"
SECONDS_MAX = 540
"""The worker gives up on it then; below the time after which a task is started a second time."""
LOST_AFTER = timedelta(hours=1)
_OPEN = (BackTestStatus.QUEUED, BackTestStatus.RUNNING)
_PROGRESS_KEPT_SECONDS = 3600


def ask(
    *, version_id: int, starts_at: datetime, ends_at: datetime, actor: User, at: datetime
) -> BackTest:
    """Have a version back-tested over the orders bought in [starts_at, ends_at).

    Idempotent: the same question while its answer is awaited is the one that is open.
    Raises: NotFound; InvalidInput (the window).
    """
    if ends_at <= starts_at:
        raise InvalidInput("It must end after it starts.", fields={"ends": "after it starts"})
    if starts_at >= at:
        message = "No order was bought in days to come: choose days of the past."
        raise InvalidInput(message, fields={"starts": message})
    _end_lost(at)
    version = RuleVersion.objects.select_related("rule").filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such version: it was deleted.")
    same = BackTest.objects.filter(
        content_hash=version.content_hash,
        rule=version.rule_id,
        starts_at=starts_at,
        ends_at=ends_at,
        status__in=_OPEN,
    ).first()
    if same is not None:
        return same
    with atomic():
        test = BackTest.objects.create(
            rule=version.rule,
            version_number=version.number,
            content_hash=version.content_hash,
            starts_at=starts_at,
            ends_at=ends_at,
            asked_at=at,
            asked_by=actor,
        )
        async_task(RUN, test.pk, q_options={"task_name": f"back-test {test.pk}", **_LIMIT})
    return test


_LIMIT = {"timeout": SECONDS_MAX}


def _end_lost(at: datetime) -> None:
    """Those whose worker was killed for good, or gave up: nobody will end them any more."""
    BackTest.objects.filter(status__in=_OPEN, asked_at__lt=at - LOST_AFTER).update(
        status=BackTestStatus.FAILED,
        finished_at=at,
        problem="The worker gave it up, or was not running for an hour: ask for it again, for "
        "fewer days if there are very many orders.",
    )


def run(test_id: int) -> None:
    """Run a back-test that was asked for. It may run twice, or die half-way: the answer is one.

    Raises: DatabaseUnavailable, and stays open: it is tried again.
    """
    test = BackTest.objects.get(pk=test_id)
    if test.status not in _OPEN:
        return
    BackTest.objects.filter(pk=test_id, status__in=_OPEN).update(status=BackTestStatus.RUNNING)
    version = (
        RuleVersion.objects.select_related("rule")
        .filter(rule=test.rule_id, content_hash=test.content_hash)
        .first()
    )
    if version is None:
        _end(test_id, problem="The draft was edited or deleted meanwhile: back-test it again.")
        return
    try:
        with snapshot():
            rules, is_without_window = rules_with(
                version, starts_at=test.starts_at, ends_at=test.ends_at
            )
            figures = Figures(is_without_window=is_without_window)
            for outcome in outcomes(
                rules,
                starts_at=test.starts_at,
                ends_at=test.ends_at,
                tick=lambda done: cache.set(_key(test_id), done, _PROGRESS_KEPT_SECONDS),
            ):
                figures.add(outcome)
    except DatabaseUnavailable:
        raise
    except Exception as error:  # what cannot be read: verify_ledger says where
        log.exception("backtest.failed", extra={"backtest": test_id})
        _end(test_id, problem=f"It broke off: {type(error).__name__}. Run manage.py verify_ledger.")
        return
    _end(test_id, figures=figures)


def progress(test: BackTest) -> int:
    """How many orders of a running back-test are done; 0 where nothing is known."""
    return int(cache.get(_key(test.pk)) or 0)


def _key(test_id: int) -> str:
    return f"backtest-{test_id}"


def _end(test_id: int, *, figures: Figures | None = None, problem: str = "") -> None:
    told = figures.done() if figures is not None else {}
    BackTest.objects.filter(pk=test_id, status__in=_OPEN).update(
        status=BackTestStatus.FAILED if problem else BackTestStatus.DONE,
        finished_at=clock.now(),
        figures=told,
        order_count=told.get("orders", 0),
        problem=problem,
    )
