"""What is told in the name of somebody who was erased.

Their customer ids never get this far: where Button's words come in, the random text that stands in
the place of each takes its place (members/forgotten.py). In orders that were theirs it goes on
naming the same nameless member, and so does a reference to a click of theirs. In any other order
both name nobody: it is unattributed, and flagged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rewards_site.button.redaction import NAMES, without
from rewards_site.members.customer_ids import is_erased
from transactions.known import Known
from transactions.models import Transaction
from transactions.told import Told

ERASED_NAME = "it was told in the name of a member who was erased: that names nobody"


def without_new_names(batch: Sequence[Told], facts: Known) -> Sequence[Told]:
    """`batch`, in which erased names are left out where they name no order's member already.

    `facts` are as they were before any lock: nobody gets such a name but by erase_member, and who
    has it keeps it.
    """
    named = [_erased_names(told, facts) for told in batch]
    if not any(named):
        return batch
    by_pk = {order.pk: order for order in facts.orders}
    by_key = {(order.account_id, order.order_key): order for order in facts.orders}
    by_tx = {child.tx_id: by_pk[child.transaction_id] for child in facts.children}

    def order_of(told: Told) -> Transaction | None:
        said = told.observation
        key = (said.account_id, said.button_order_id or said.tx_id)
        return by_tx.get(said.tx_id) or by_key.get(key)

    return [
        _left_out(told, names, order_of(told)) if names else told
        for told, names in zip(batch, named, strict=True)
    ]


def _erased_names(told: Told, facts: Known) -> dict[str, int | None]:
    """Field that names somebody who was erased → their primary key, where it is known."""
    said = told.observation
    names = {
        field: facts.members.get(value)
        for field in NAMES
        if (value := getattr(said, field)) is not None and is_erased(value)
    }
    click = facts.clicks.get(said.pub_ref or "")
    if click is not None and is_erased(click.customer_id):
        names["pub_ref"] = click.member_id
    return names


def _left_out(told: Told, names: Mapping[str, int | None], order: Transaction | None) -> Told:
    said = told.observation
    new = {
        field
        for field, member_id in names.items()
        if order is None
        or (
            getattr(said, field) not in (order.customer_id_told, order.pub_ref)
            and (member_id is None or order.member_id != member_id)
        )
    }
    if not new:
        return told
    is_unattributed = order is None or order.member_id is None
    return replace(
        told,
        observation=replace(
            said,
            publisher_customer_id=None
            if "publisher_customer_id" in new
            else said.publisher_customer_id,
            pub_ref=None if "pub_ref" in new else said.pub_ref,
            flags=(*said.flags, ERASED_NAME) if is_unattributed else said.flags,
        ),
        raw=None if told.raw is None else without(told.raw, new),
    )
