"""What comes in, and who calls, after a person was erased."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import DeferredRow, SeenRow
from rewards_site.kernel.errors import ServiceError
from rewards_site.members import forgotten
from rewards_site.members.forgotten import Forgotten
from rewards_site.members.models import ErasedName, Member
from tests.accounts_sync.inbox.deliveries import answered, deliver, wire_event
from tests.accounts_sync.pulling import ONE, pull
from tests.accounts_sync.world import World, wire_row
from tests.admin_world import make_staff
from tests.factories import NOON, balances
from tests.members.calling import call, read
from tests.members.erasing.person import traces
from tests.members.erasing.test_scanner import erase
from tests.offers.clicks.tapping import tapped
from tests.spending import differences
from transactions.attribution import assign_member
from transactions.merging.proposals import propose_merge, propose_rename
from transactions.models import Transaction, TransactionRevision

pytestmark = pytest.mark.django_db

NAME = "anna-of-the-shop"
LATER = "2026-11-20T13:00:00Z"


def told(hook_id: str, tx_id: str = "tx-1", **changes: Any) -> tuple[int, Any]:
    return answered(
        deliver(wire_event(hook_id, tx_id=tx_id, publisher_customer_id=NAME, **changes))
    )


def nameless() -> str:
    """The text that stands in the place of the customer id."""
    return ErasedName.objects.get().text


def test_a_known_order_goes_on_and_is_stored_without_the_id() -> None:
    told("h-1")
    erase(NAME)

    said = told("h-2", status="validated", modified_date=LATER, email="x@y.example")

    assert said == (200, {"status": "processed"})
    assert balances(nameless()) == {"available": 500}
    assert traces((NAME, "x@y.example")) == {}
    assert differences() == []
    assert Transaction.objects.get().flags == []


def test_the_same_hook_again_is_a_repeat_and_no_other_body() -> None:
    told("h-1")
    erase(NAME)

    assert told("h-1") == (200, {"status": "duplicate"})
    event = WebhookEvent.objects.get()
    assert (event.delivery_count, event.status) == (2, "processed")


def test_rows_read_again_are_known_and_move_nothing(account: str, world: World) -> None:
    world.has(wire_row("tx-1", publisher_customer_id=NAME, shoe_size=39))
    world.has(wire_row("tx-2", publisher_customer_id=NAME, category="odd"))
    pull()
    erase(NAME)
    before = (TransactionRevision.objects.count(), DeferredRow.objects.count())

    for _ in range(2):
        report = pull(since=NOON, until=ONE)
        assert (report.applied_count, report.ignored_count, report.deferred_count) == (0, 1, 1)

    assert (TransactionRevision.objects.count(), DeferredRow.objects.count()) == before
    assert SeenRow.objects.count() == 1
    assert traces((NAME,)) == {}
    assert "shoe_size" not in TransactionRevision.objects.get().raw_row


def test_a_new_order_names_nobody_however_often_it_is_told() -> None:
    told("h-1")
    erase(NAME)

    for number, status in enumerate(("pending", "pending", "validated"), start=2):
        said = told(
            f"h-{number}", "tx-2", status=status, modified_date=f"2026-11-20T1{number}:00:00Z"
        )
        assert said[0] == 200

    order = Transaction.objects.get(order_key="btnorder-2")
    assert (order.member_id, order.customer_id_told, order.status) == (None, "", "validated")
    assert order.flags == ["it was told in the name of a member who was erased: that names nobody"]
    assert balances(nameless()) == {"pending": 500}
    assert Member.objects.count() == 1
    assert traces((NAME,)) == {}
    assert differences() == []


def test_a_process_that_does_not_know_yet_looks_again(
    account: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each door, with the list as another process knew it before."""
    told("h-1")
    erase(NAME)
    world.has(wire_row("tx-9", publisher_customer_id=NAME))
    ping = json.dumps({"hello": NAME}).encode()
    for knock in (
        lambda: told("h-2", "tx-2"),
        lambda: told("h-1", amount=7),
        lambda: deliver(ping),
        pull,
        lambda: call("me/", customer_id=NAME),
    ):
        monkeypatch.setattr(forgotten, "_known", Forgotten())
        knock()

    assert traces((NAME,)) == {}
    assert Member.objects.count() == 1
    assert WebhookEvent.objects.count() == 4
    assert Transaction.objects.count() == 3


def test_an_old_click_of_theirs_names_nobody_in_a_new_order() -> None:
    click = tapped(NAME)
    erase(NAME)

    deliver(wire_event("h-1", publisher_customer_id=None, pub_ref=click.pub_ref))

    order = Transaction.objects.get()
    assert (order.member_id, order.click_id, order.pub_ref) == (None, None, "")
    assert differences() == []


def test_nobody_gets_anothers_text_by_telling_it() -> None:
    told("h-1")
    erase(NAME)

    deliver(wire_event("h-2", tx_id="tx-2", publisher_customer_id=nameless()))

    assert Transaction.objects.get(order_key="btnorder-2").member_id is None


def test_their_token_shows_nothing_and_makes_no_member() -> None:
    told("h-1")
    erase(NAME)

    assert read("balances/", customer_id=NAME) == {"results": []}
    assert read("transactions/", customer_id=NAME)["results"] == []
    assert call("me/", customer_id=NAME).status_code == 404
    assert call("me/", customer_id=nameless()).status_code == 401
    assert Member.objects.count() == 1


def test_staff_give_them_no_name_and_nothing_more() -> None:
    told("h-1")
    deliver(wire_event("h-2", tx_id="tx-2", publisher_customer_id="bert"))
    deliver(wire_event("h-3", tx_id="tx-3", publisher_customer_id=None))
    erase(NAME)
    member, bert = (
        Member.objects.get(customer_id=nameless()),
        Member.objects.get(customer_id="bert"),
    )
    asked: dict[str, Any] = {"actor": make_staff("Ops"), "reason": "Asked for.", "at": NOON}
    order = Transaction.objects.get(order_key="btnorder-3")

    for ask in (
        lambda: propose_rename(member_id=member.pk, customer_id="anna-2", **asked),
        lambda: propose_rename(member_id=bert.pk, customer_id=NAME, **asked),
        lambda: propose_merge(member_id=member.pk, customer_id="bert", **asked),
        lambda: propose_merge(member_id=bert.pk, customer_id=nameless(), **asked),
        lambda: assign_member(transaction_id=order.pk, customer_id=NAME, **asked),
        lambda: assign_member(transaction_id=order.pk, customer_id=nameless(), **asked),
    ):
        with pytest.raises(ServiceError):
            ask()


def test_nobody_is_brought_along_by_an_erased_id(tmp_path: Any) -> None:
    told("h-1")
    erase(NAME)
    path = tmp_path / "balances.csv"
    path.write_text(f"customer_id,currency,available\n{NAME},USD,100\n")

    with pytest.raises(CommandError, match="1 mistake"):
        call_command("import_opening_balances", str(path), name="old")


@pytest.mark.parametrize("keys", [("new", "old"), ("old",)])
def test_the_id_is_known_again_under_another_first_key(settings: Any, keys: Any) -> None:
    settings.SEAL_KEYS = ("old",)
    told("h-1")
    erase(NAME)
    settings.SEAL_KEYS = keys

    told("h-2", "tx-2")

    assert Transaction.objects.get(order_key="btnorder-2").member_id is None
