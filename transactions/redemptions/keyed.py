"""One answer for each Idempotency-Key of a member: the first, word for word, however often asked.

The key's row is inserted, not looked up, so of many at once one is first and the others wait for
its commit. What it does and what it answers are one commit: never is money moved without the answer
kept, nor the other way round. A refusal is an answer, too: what it began is undone, and it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from rewards_site.kernel import rows
from rewards_site.kernel.db import (
    atomic,
    check_constraints_now,
    overwrite,
    retry_deadlocks,
    undone_on_error,
)
from rewards_site.kernel.errors import Refused, ServiceError
from rewards_site.members.queries import rows_of
from rewards_site.members.services import ensure_held
from transactions.redemptions.destinations import body_digests
from transactions.redemptions.models import RedemptionKey

_NOT_KEPT = {401, 429}


class KeyReused(Refused):
    """The key was sent before, with another body."""

    code = "key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP status and a body, as they were first sent."""

    status: int
    body: str

    @property
    def is_kept(self) -> bool:
        return self.status < 500 and self.status not in _NOT_KEPT


def answer_once(
    *,
    customer_id: str,
    key: str,
    body: bytes,
    at: datetime,
    work: Callable[[int], Answer],
    refusal: Callable[[Exception], Answer],
) -> Answer:
    """`work(member)`, or what was answered to this key before. `refusal` words what it raises.

    Locks: the member, held; the key; then what `work` locks. Raises: KeyReused; and what `work`
    raises where that is no answer to be kept: then nothing is.
    """
    digests = body_digests(body)

    def attempt() -> Answer:
        with atomic():
            member_id = ensure_held(customer_id, at=at)
            known = _known(member_id, key)
            row = RedemptionKey(member_id=member_id, key=key, body_digest=digests[0], created_at=at)
            made = [] if known else rows.insert_new([row])
            if not made:
                return _again(known or _known(member_id, key), digests)
            row.pk = made[0]
            answer = _answered(work, member_id, refusal)
            row.answer_status, row.answer = answer.status, answer.body
            overwrite([row], ["answer_status", "answer"])
            return answer

    return retry_deadlocks(attempt)


def canonical(value: object) -> bytes:
    """A body that was read as JSON, so that equal ones are equal bytes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_decimal)
    return b"json:" + text.encode()


def unreadable(raw: bytes) -> bytes:
    """A body that was not."""
    return b"raw:" + raw


def _decimal(value: object) -> dict[str, str]:
    return {"decimal": str(value)}


def _known(member_id: int, key: str) -> list[RedemptionKey]:
    """Under any customer id that stands for the member by now: after a merge, two at most."""
    found: list[RedemptionKey] = rows.find(
        RedemptionKey, {"member_id": rows_of(member_id), "key": [key]}
    )
    return found


def _again(known: list[RedemptionKey], digests: list[str]) -> Answer:
    for row in known:
        if row.body_digest in digests:
            return Answer(status=row.answer_status, body=row.answer)
    raise KeyReused(
        _("This Idempotency-Key was used for another request. Use a new one for each request.")
    )


def _answered(
    work: Callable[[int], Answer], member_id: int, refusal: Callable[[Exception], Answer]
) -> Answer:
    try:
        with undone_on_error():
            answer = work(member_id)
            check_constraints_now()
            return answer
    except (ServiceError, APIException) as error:
        told = refusal(error)
        if not told.is_kept:
            raise
        return told


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
