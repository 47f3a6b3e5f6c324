"""One person who left traces in every room, and what may be left of them: nothing."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from accounts_sync.accounts import sync_accounts
from rewards_site.approvals.services import approve, reject
from rewards_site.kernel import clock
from rewards_site.members.models import Member
from tests.accounts_sync.inbox.deliveries import deliver, wire_event
from tests.accounts_sync.pulling import pull
from tests.accounts_sync.world import World, client, wire_row
from tests.admin_world import make_staff
from tests.factories import NOON
from tests.members.calling import call
from tests.offers.clicks.tapping import tapped
from tests.transactions.redemptions.asking import approved, ask, body
from transactions.attribution import assign_member, move_order
from transactions.merging.proposals import propose_merge, propose_rename
from transactions.models import Transaction
from transactions.redemptions.models import Redemption
from transactions.redemptions.services import pay_redemptions

NAME = "anna.keller@shop.example"
"""Their customer id now."""
OLD_NAME = "Anna/Keller\\1987"
"""Before it was renamed; JSON spells it in several ways."""
ALIAS = "keller-at-the-other-app"
"""Of another member, whom they turned out to be."""
NEVER = "anna-never-called-so"
"""Proposed once, and rejected."""
E_MAIL = "anna@mail.example"
DEVICE = "idfa-6f1d-of-anna"
IBAN = "DE02 1203 0000 0000 2020 51"
NOTE = "I am Anna, and bought shoes"
REFERENCE = "ORDER-OF-ANNA-4711"
"""The brand's order number, as she typed it."""
MARKS = (NAME, OLD_NAME, ALIAS, NEVER, E_MAIL, DEVICE, NOTE, REFERENCE)
"""Of the destination nothing can be found from outside: it is encrypted."""
OTHER = "bert"
"""Somebody else, who stays."""


def live(world: World, folder: Path) -> None:
    """Everything that can happen to a person here, by the ways it happens."""
    one, two = make_staff("Ops", username="one"), make_staff("Ops", username="two")
    brought = folder / "balances.csv"
    brought.write_text(f'customer_id,currency,available\n"{OLD_NAME}",USD,900\n{OTHER},USD,70\n')
    call_command("import_opening_balances", str(brought), name="old", stdout=StringIO())
    click = tapped(OLD_NAME, link=f"https://r.bttn.io?user={OLD_NAME}")
    _deliveries(click.pub_ref)
    sync_accounts(client=client(), at=NOON)
    world.has(
        wire_row("tx-9", publisher_customer_id=ALIAS, email=E_MAIL, amount=800),
        wire_row("tx-10", publisher_customer_id=OTHER),
        wire_row("tx-11", publisher_customer_id=ALIAS, currency="EUR", device=DEVICE),
    )
    pull()
    _staff(one, two)
    _money_out(one, str(click.public_id))


def _money_out(staff: Any, click_id: str) -> None:
    """A redemption that was paid, one that waits, and a claim in her own words."""
    asked = ask(body(500, destination=IBAN), customer_id=NAME)
    assert asked.status_code == 201, asked.content
    row = Redemption.objects.latest("pk")
    approved(row, by=staff)
    why = f"Sent to {NAME}."
    pay_redemptions(
        references={row.pk: f"bank {NAME}"}, actor_id=staff.pk, reason=why, at=clock.now()
    )
    told = {"click_id": click_id, "note": NOTE, "order_reference": REFERENCE}
    filed = call("claims/", customer_id=NAME, method="POST", body=told)
    assert filed.status_code == 201, filed.content


def _deliveries(pub_ref: str) -> None:
    extra: dict[str, Any] = {
        "publisher_customer_id": OLD_NAME,
        "email_sha256": E_MAIL,
        "ids": [{"idfa": DEVICE}],
    }
    later = "2026-11-20T13:00:00Z"
    deliveries: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("h-1", "tx-1", extra),
        ("h-2", "tx-1", {"status": "validated", "modified_date": later}),
        ("h-3", "tx-2", extra | {"amount": 700}),
        ("h-4", "tx-3", {"publisher_customer_id": None, "pub_ref": pub_ref, "mail": E_MAIL}),
        ("h-5", "tx-4", extra | {"category": "unknown-kind"}),
        ("h-6", "tx-5", {"publisher_customer_id": None}),
        ("h-7", "tx-6", {"publisher_customer_id": ALIAS, "amount": 500}),
        ("h-8", "tx-7", {"publisher_customer_id": OTHER}),
        ("h-9", "tx-8", {"publisher_customer_id": f"{ALIAS} "}),
    )
    for hook_id, tx_id, changes in deliveries:
        assert deliver(wire_event(hook_id, tx_id=tx_id, **changes)).status_code in (200, 202)
    deliver(wire_event("h-1", amount=5, **extra))  # another body under a known id
    deliver(json.dumps({"ping": ALIAS}).encode())
    deliver(json.dumps({"id": "h-10", "customer": ALIAS}).encode())  # only one of two: rejected
    odd = json.dumps(wire_event("h-11", tx_id="tx-12")).replace("u-8f14e45fceea", "\\u0061-b")
    deliver(odd.encode())


def _staff(one: Any, two: Any) -> None:
    """What staff do, and write down."""
    orders = {order.order_key: order.pk for order in Transaction.objects.all()}
    asked: dict[str, Any] = {"actor": one, "at": NOON}
    for order, name, give in (
        ("btnorder-5", ALIAS, assign_member),
        ("btnorder-7", ALIAS, move_order),
        ("btnorder-6", OTHER, move_order),
    ):
        give(transaction_id=orders[order], customer_id=name, reason=f"Of {ALIAS}, once.", **asked)
    source, target = (Member.objects.get(customer_id=name) for name in (ALIAS, OLD_NAME))
    merged = propose_merge(
        member_id=source.pk, customer_id=OLD_NAME, reason=f"{ALIAS} is the same.", **asked
    )
    approve(proposal_id=merged.pk, actor=two, reason="Seen.", at=NOON)
    wrong = propose_rename(member_id=target.pk, customer_id=NEVER, reason="Asked for.", **asked)
    reject(proposal_id=wrong.pk, actor=two, reason="Not so.", at=NOON)
    renamed = propose_rename(member_id=target.pk, customer_id=NAME, reason="Asked for.", **asked)
    approve(proposal_id=renamed.pk, actor=two, reason=f"{OLD_NAME} is now {NAME}.", at=NOON)
    LogEntry.objects.create(
        user=one,
        content_type=ContentType.objects.get_for_model(Member),
        object_id=str(target.pk),
        object_repr=NAME,
        action_flag=CHANGE,
        change_message=f"Called {NAME}.",
    )


def traces(marks: tuple[str, ...] = MARKS) -> dict[str, list[str]]:
    """table.column → the marks found in it, in whatever spelling; of every column there is."""
    found: dict[str, set[str]] = {}
    spelled = {mark: _spellings(mark) for mark in marks}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    for text in _texts(value):
                        for mark, spellings in spelled.items():
                            if any(spelling in text for spelling in spellings):
                                found.setdefault(f"{table}.{column}", set()).add(mark)
    return {place: sorted(marks) for place, marks in sorted(found.items())}


def _spellings(mark: str) -> set[bytes]:
    as_json = json.dumps(mark)[1:-1]
    return {mark.encode(), as_json.encode(), as_json.replace("/", "\\/").encode()}


def _texts(value: Any) -> Iterator[bytes]:
    """A value as bytes, and what it packs."""
    if value is None or isinstance(value, bool | int | float):
        return
    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    if isinstance(value, dict | list):
        raw = json.dumps(value).encode()
    yield raw
    unpack: tuple[Callable[[bytes], bytes], ...] = (zlib.decompress, base64.b64decode)
    for way in unpack:
        with suppress(zlib.error, ValueError):
            yield way(raw)
