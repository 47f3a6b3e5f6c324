"""Reads of clicks."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from offers.clicks.listing import Listed
from offers.clicks.models import Click
from offers.clicks.pub_ref import LENGTH_MAX
from offers.models import Merchant, MerchantOverlay
from rewards_site.kernel.db import is_postgres
from rewards_site.kernel.errors import NotFound
from rewards_site.kernel.rows import Question, ask
from rewards_site.kernel.sql_values import as_instant, as_json, as_uuid
from rewards_site.members.models import Member
from rewards_site.members.queries import rows_of

_MAYBE_OURS = re.compile(rf"[A-Za-z0-9_-]{{100,{LENGTH_MAX}}}")
"""No sealed reference is as short as an offer id, or as most publishers' own references."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickFacts:
    """What of a click an order hangs on."""

    pk: int
    public_id: UUID
    member_id: int
    """The row that tapped; it may stand for another member by now (`Member.same_as`)."""
    customer_id: str
    """Of that row."""
    holder_id: int
    """The member whose it is now: that row, or the one it was merged with."""
    holder_customer_id: str
    merchant_id: str
    clicked_at: datetime
    terms: dict[str, Any]
    offer_id: str
    listed: Listed


def clicks_by_pub_ref(pub_refs: Collection[str]) -> dict[str, ClickFacts]:
    """The clicks that these references were minted for, by the exact text, in one statement.

    No query where none of them can be one of ours, whatever text they are.
    """
    asked = asked_by_pub_ref(pub_refs)
    if asked is None:
        return {}
    found: list[tuple[str, ClickFacts]] = ask(asked)[0]
    return dict(found)


def asked_by_pub_ref(pub_refs: Collection[str]) -> Question[tuple[str, ClickFacts]] | None:
    """clicks_by_pub_ref() as a question, to travel with others; None where there is none to ask."""
    maybe_ours = sorted(text for text in set(pub_refs) if _MAYBE_OURS.fullmatch(text))
    if not maybe_ours:
        return None
    if is_postgres():
        return Question(f"{_FACTS_SQL} = ANY(%s)", [maybe_ours], _facts)
    one_of = "IN (SELECT value FROM json_each(%s))"
    return Question(f"{_FACTS_SQL} {one_of}", [json.dumps(maybe_ours)], _facts)


_FACTS_SQL = """
SELECT click.pub_ref, click.id, click.public_id, click.member_id, member.customer_id,
    click.merchant_id, click.clicked_at, click.terms, click.offer_id,
    click.listed_value, click.listed_currency, holder.id, holder.customer_id
FROM clicks_click click JOIN members_member member ON member.id = click.member_id
JOIN members_member holder ON holder.id = COALESCE(member.same_as_id, member.id)
WHERE click.pub_ref"""


def _facts(found: Sequence[Sequence[Any]]) -> list[tuple[str, ClickFacts]]:
    return [
        (
            row[0],
            ClickFacts(
                pk=row[1],
                public_id=as_uuid(row[2]),
                member_id=row[3],
                customer_id=row[4],
                merchant_id=row[5],
                clicked_at=as_instant(row[6]),
                terms=as_json(row[7]),
                offer_id=row[8],
                listed=Listed(value=row[9], currency=row[10] or None),
                holder_id=row[11],
                holder_customer_id=row[12],
            ),
        )
        for row in found
    ]


def click_of(public_id: UUID, member: Member) -> Click:
    """The click of this id, if this member tapped. Raises: NotFound."""
    click = clicks_of(member).filter(public_id=public_id).first()
    if click is None:
        raise NotFound("You have no such click.")
    return click


def clicks_of(member: Member) -> QuerySet[Click]:
    """All clicks of a member, those under other customer ids of theirs too, with the merchants."""
    return Click.objects.filter(member__in=rows_of(member.pk)).select_related("merchant__overlay")


def shown_name(merchant: Merchant) -> str:
    """As ops have members see it. No query for a merchant of clicks_of()."""
    try:
        overlay = merchant.overlay
    except MerchantOverlay.DoesNotExist:
        return merchant.name
    return overlay.shown_name or merchant.name
