"""A verb over several rows: each alone, with a message of its own, whatever befalls the others."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.test import RequestFactory

from rewards_site.kernel.admin.service import Attempt, ConfirmForm, Done, ServiceAdmin, Verb
from rewards_site.kernel.errors import Conflict
from tests.factories import observe, tell
from transactions.models import Transaction


def _perform(attempt: Attempt[Transaction]) -> Done:
    match attempt.row.order_key:
        case "btnorder-1":
            raise Conflict("somebody else was first.")
        case "btnorder-2":
            raise OperationalError("canceling statement due to lock timeout")
    return Done(message="polished.")


POLISH: Verb[Transaction] = Verb(
    name="polish",
    label="Polish",
    permission="transactions.attribute_transaction",
    what_happens="It shines.",
    perform=_perform,
    form=ConfirmForm,
)


class PolishingAdmin(ServiceAdmin[Transaction]):
    verbs = (POLISH,)


@pytest.mark.django_db
def test_a_refusal_or_a_busy_database_stops_no_other_row(
    rf: RequestFactory, admin_user: User
) -> None:
    tell(observe("tx-1"), observe("tx-2"), observe("tx-3"))
    keys = list(Transaction.objects.values_list("pk", flat=True))
    request = rf.post("/", {"id": keys})
    request.user = admin_user
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]  # as the middleware

    PolishingAdmin(Transaction, admin.site).verb_view(request, "polish")

    assert [(message.level_tag, message.message) for message in get_messages(request)] == [
        ("error", "btnorder-1: somebody else was first."),
        ("error", "btnorder-2: the database is busy and nothing was changed. Try again."),
        ("success", "btnorder-3: polished."),
    ]
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == ("btnorder-3", "Polish: polished.")


@pytest.mark.django_db
def test_a_verb_is_closed_to_who_lacks_its_permission(
    rf: RequestFactory, django_user_model: type[User]
) -> None:
    tell(observe("tx-3"))
    request = rf.post("/", {"id": Transaction.objects.get().pk})
    request.user = django_user_model.objects.create(username="nobody", is_staff=True)

    with pytest.raises(PermissionDenied):
        PolishingAdmin(Transaction, admin.site).verb_view(request, "polish")

    assert LogEntry.objects.count() == 0
