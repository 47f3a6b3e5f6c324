"""Members who miss a reward, as the API and the services see them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from offers.clicks.models import Click
from rewards_site.approvals.models import Proposal
from tests.factories import MEMBER, NOON, observe
from tests.members.calling import call
from tests.transactions.tapping import tap
from transactions.claims.asking import Asked
from transactions.claims.filing import file_claim
from transactions.claims.models import Claim
from transactions.told import Told

LATER = NOON + timedelta(days=5)
"""When nothing is too early any more: without any record two days are waited."""


def claim(click: Click | None = None, *, customer_id: str = MEMBER, **body: Any) -> dict[str, Any]:
    """The answer to POST claims/."""
    if click is not None:
        body = {"click_id": str(click.public_id)} | body
    response = call("claims/", customer_id=customer_id, method="POST", body=body)
    assert response.status_code == 201, response.content
    answer: dict[str, Any] = response.json()
    return answer


def filed(click: Click, *, at: datetime = LATER, customer_id: str = MEMBER, **asked: Any) -> Claim:
    """A claim filed at `at`, through the service."""
    told = Asked(click_id=str(click.public_id), **asked)
    return file_claim(customer_id=customer_id, asked=told, at=at).claim


def order_of(click: Click, tx_id: str = "tx-1", **fields: Any) -> Told:
    """Button tells an order that came by the tap."""
    return observe(tx_id, **({"pub_ref": click.pub_ref, "merchant_name": "Northwind"} | fields))


def proposal() -> Proposal:
    return Proposal.objects.get()


__all__ = ["LATER", "claim", "filed", "order_of", "proposal", "tap"]
