"""A person is erased while webhooks of theirs come in on many connections."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from rewards_site.members import forgotten
from rewards_site.members.models import Member
from tests.accounts_sync.inbox.deliveries import answered, deliver, wire_event
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once
from tests.factories import MEMBER
from tests.members.calling import call
from tests.members.erasing.person import traces
from transactions.models import Transaction

pytestmark = pytest.mark.usefixtures("committed_db")

HOOKS = 24


@pytest.mark.postgres
def test_no_webhook_in_between_leaves_the_id_behind() -> None:
    forgotten.refresh()
    deliver(wire_event("h-0", tx_id="tx-0"))

    def work(number: int) -> Any:
        if number == HOOKS // 2:
            return call_command("erase_member", MEMBER, stdout=StringIO(), stderr=StringIO())
        if number % 6 == 5:
            return call("me/").status_code
        changes = {"status": "validated", "modified_date": "2026-11-20T13:00:00Z"}
        tx_id = "tx-0" if number % 6 == 0 else f"tx-{number}"
        event = wire_event(f"h-{number}", tx_id=tx_id, **(changes if tx_id == "tx-0" else {}))
        said = answered(deliver(event))[0]
        if said == 503:  # Button sends again
            said = answered(deliver(event))[0]
        return said

    said = all_returned(at_once(HOOKS, work))

    assert {code for code in said if code is not None} <= {200, 404}
    assert traces((MEMBER,)) == {}
    assert Member.objects.count() == 1
    told = {n for n in range(HOOKS) if n % 6 not in (0, 5) and n != HOOKS // 2}
    assert Transaction.objects.count() == len(told) + 1
    assert Transaction.objects.get(order_key="btnorder-0").member is not None
    books_are_right()
