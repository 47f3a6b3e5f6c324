"""The same world through the product: taps by sealed tokens, rules by staff, orders by Button."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from offers.clicks.listing import Listed
from offers.clicks.offer_token import Shown, open_token, seal
from offers.clicks.services import record_click
from offers.menu import TermsBook
from offers.rules import promise as product
from offers.rules.default import default_terms
from offers.rules.drafting import edit_draft, make_rule, start_draft
from offers.rules.models import RewardRule, RuleState, RuleVersion
from offers.rules.publishing import withdraw
from offers.rules.store import rules_for_clicks
from offers.rules.terms import TermsKind
from rewards_site.button.reading import read_transaction
from rewards_site.members.services import ensure_member
from tests.accounts_sync.inbox.deliveries import deliver
from tests.factories import tell
from tests.offers.rules.making import person, publish_draft
from tests.properties.promised import Order, Promise, State
from transactions.told import Channel, Outcome, Told


def tap(customer_id: str, merchant_id: str, *, at: datetime) -> str:
    """A member is shown an offer and taps it at once; the reference that goes to Button."""
    member = ensure_member(customer_id, at=at)
    terms = TermsBook(rules_for_clicks(at), at=at, default=default_terms()).of(merchant_id).terms
    token = seal(
        Shown(
            member_public_id=member.public_id,
            merchant_id=merchant_id,
            offer_id="offer-41d0c7be9a2f6603-0",
            listed=Listed(value="10"),
            terms=terms.as_json(),
            reward={"type": "percent", "value": "5", "currency": None},
            shown_at=at,
        )
    )
    shown = open_token(token, member_public_id=member.public_id, at=at)
    return record_click(shown=shown, member=member, at=at).pub_ref


def publish(name: str, said: Promise, *, at: datetime) -> None:
    """The first version of the rule, or its next one."""
    promise = _promise(said)
    rule = RewardRule.objects.filter(name=name).first()
    asked: dict[str, Any] = {"actor": person(), "reason": "a story", "at": at}
    if rule is None:
        draft = make_rule(name=name, promise=promise, **asked)
    else:
        draft = start_draft(rule_id=rule.pk, **asked)
        draft = edit_draft(
            version_id=draft.pk, promise=promise, seen_hash=draft.content_hash, **asked
        )
    assert publish_draft(draft, at=at).state == RuleState.PUBLISHED


def withdraw_rule(name: str, *, at: datetime) -> None:
    version = RuleVersion.objects.filter(rule__name=name, state=RuleState.PUBLISHED).first()
    if version is not None:
        withdraw(version_id=version.pk, actor=person(), reason="a story", at=at)


def _promise(said: Promise) -> product.Promise:
    values = asdict(said) | {
        "kind": TermsKind(said.kind),
        "points": Decimal(said.points) / 10,
        "starts": said.starts and said.starts.replace(tzinfo=None),
        "ends": said.ends and said.ends.replace(tzinfo=None),
    }
    unit = "PTS" if said.kind.startswith("points") else said.currency
    return product.Promise(zone="UTC", budget_currency=unit if said.is_promotion else "", **values)


def wire(
    number: int, order: Order, state: State, facts: set[str], *, pub_ref: str | None, is_row: bool
) -> dict[str, Any]:
    """As Button writes it: by webhook with milliseconds, in a row of the API without."""

    def text(at: datetime) -> str:
        form = "seconds" if is_row else "milliseconds"
        return at.isoformat(timespec=form).replace("+00:00", "Z")

    optional = {
        "publisher_customer_id": order.customer_id,
        "pub_ref": pub_ref,
        "merchant": order.merchant_id,
        "purchased": text(order.purchased),
    }
    said = {name: value if name in facts else None for name, value in optional.items()}
    return {
        "id": f"tx-{number}-{state.tx}",
        "status": state.status,
        "category": "new-user-order",
        "account_id": f"acc-{order.currency.lower()}",
        "amount": state.amount,
        "currency": order.currency,
        "button_order_id": f"btnorder-{number}",
        "publisher_customer_id": said["publisher_customer_id"],
        "pub_ref": said["pub_ref"],
        "commerce_organization": said["merchant"],
        "order_purchased_date" if is_row else "order_purchase_date": said["purchased"],
        "order_total": order.total,
        "order_currency": order.currency,
        "created_date": text(state.created),
        "modified_date": text(state.modified),
        "order_line_items": [
            {"category": category, "total": minor * 20, "publisher_commission": minor}
            for category, minor in state.lines
        ],
    }


def by_webhook(hook_id: str, row: dict[str, Any]) -> str:
    """What the answer says: processed, ignored …"""
    event = {"id": hook_id, "event_type": f"tx-{row['status']}", "data": row}
    answer: Any = deliver(event)
    assert answer.status_code == 200, answer.content
    said: str = answer.json()["status"]
    return said


def by_sync(rows: list[dict[str, Any]], *, at: datetime) -> list[Outcome]:
    """A page of the Transactions API."""
    told = [
        Told(
            observation=read_transaction(row),
            channel=Channel.SYNC,
            read_at=at + timedelta(seconds=1),
        )
        for row in rows
    ]
    return tell(*told, at=at)
