"""Paid by a file: what goes out, what comes back, and what is refused."""

from __future__ import annotations

import hashlib

import pytest

from rewards_site.kernel import clock
from rewards_site.kernel.errors import InvalidInput
from tests.factories import balances
from tests.spending import differences
from tests.transactions.payouts.paying import (
    closed,
    collected,
    exported,
    given_manual,
    owed,
    sent,
    staff,
    states,
)
from transactions.payouts import importing
from transactions.payouts.models import BatchStep, PayoutBatch, PayoutItem
from transactions.redemptions.methods import MANUAL

pytestmark = pytest.mark.django_db

PAID, FAILED, RETURNED = ("paid", "paid"), ("failed", "failed"), ("returned", "failed")
SENT = ("sent", "approved")


def result(*lines: tuple[str, str, str, str]) -> bytes:
    """`lines`: customer id, outcome, reference, reason."""
    items = {item.redemption.member.customer_id: item for item in PayoutItem.objects.all()}
    told = [",".join((str(items[who].public_id), *rest)) for who, *rest in lines]
    return "\r\n".join(("item_id,outcome,reference,reason", *told)).encode()


def take(batch: PayoutBatch, content: bytes) -> importing.Preview:
    return importing.import_result(
        batch_id=batch.pk, content=content, actor=staff("fiona"), reason="bank", at=clock.now()
    )


def test_the_file_is_exact_safe_and_the_same_each_time() -> None:
    owed("ann", amount_minor=1999, method=MANUAL, destination="=HYPERLINK(1)")
    owed("bob", amount_minor=700, method=MANUAL, destination='DE89, "Bob"')
    batch = closed(collected(MANUAL, "manual-file"))
    sent(batch)

    taken = [exported(batch, by=who) for who in ("fiona", "frank")]

    ann, bob = PayoutItem.objects.order_by("pk").values_list("public_id", flat=True)
    assert taken[0].content.decode() == (
        "item_id,amount,currency,destination\r\n"
        f"{ann},19.99,USD,'=HYPERLINK(1)\r\n"
        f'{bob},7.00,USD,"DE89, ""Bob"""\r\n'
    )
    assert taken[1].content == taken[0].content
    steps = BatchStep.objects.filter(verb="exported").order_by("pk")
    digest = hashlib.sha256(taken[0].content).hexdigest()
    assert list(steps.values_list("actor__username", "digest")) == [
        ("fiona", digest),
        ("frank", digest),
    ]


@pytest.mark.parametrize(
    ("currency", "minor", "text"), [("JPY", 1500, "1500"), ("KWD", 1234, "1.234")]
)
def test_amounts_have_the_digits_of_their_currency(currency: str, minor: int, text: str) -> None:
    owed("ann", amount_minor=minor, currency=currency, method=MANUAL)
    batch = closed(collected(MANUAL, "manual-file", currency=currency))
    sent(batch)

    done = exported(batch)

    assert done.content.decode().splitlines()[1].split(",")[1:3] == [text, currency]


def test_a_result_is_looked_at_then_taken_then_known() -> None:
    batch = given_manual("ann", "bob", "cleo")
    told = result(("u-ann", "paid", "SEPA-1", ""), ("u-bob", "failed", "", "no such account"))

    preview = importing.preview_result(batch_id=batch.pk, content=told)
    assert (preview.counts, preview.left_count) == ({"paid": 1, "failed": 1}, 1)
    assert set(states(batch).values()) == {SENT}

    assert take(batch, told).is_known is False
    assert states(batch) == {"u-ann": PAID, "u-bob": FAILED, "u-cleo": SENT}
    assert (balances("u-ann"), balances("u-bob")) == ({"paid_out": 700}, {"available": 700})
    assert PayoutBatch.objects.get().status == "sent"

    assert take(batch, told).is_known is True
    assert take(batch, told.replace(b"\r\n", b"\n")).is_known is True
    assert BatchStep.objects.filter(verb="result imported").count() == 1

    take(batch, result(("u-cleo", "paid", "SEPA-2", "")))
    assert PayoutBatch.objects.get().status == "settled"
    assert differences() == []


def test_what_the_bank_sends_back_later_returns() -> None:
    batch = given_manual("ann")
    take(batch, result(("u-ann", "paid", "SEPA-1", "")))

    take(batch, result(("u-ann", "failed", "SEPA-1", "account closed")))

    assert states(batch) == {"u-ann": RETURNED}
    assert balances("u-ann") == {"available": 700}
    assert differences() == []


def test_a_file_with_mistakes_is_refused_as_a_whole_naming_each() -> None:
    batch = given_manual("ann", "bob")
    take(batch, result(("u-bob", "failed", "", "no such account")))
    told = result(
        ("u-ann", "paid", "", ""),
        ("u-ann", "paid", "", ""),
        ("u-bob", "paid", "", ""),
        ("u-bob", "maybe", "", ""),
    )

    with pytest.raises(InvalidInput) as refusal:
        take(batch, told + b"\r\nnobody,failed,,")

    assert str(refusal.value) == (
        "Nothing was taken: line 3, item_id: stands in line 2 already; line 4, outcome: is paid, "
        "and it was failed before: the money went back; line 5, outcome: is not paid or failed; "
        "line 6, reason: says why it failed, and is empty."
    )
    assert states(batch) == {"u-ann": SENT, "u-bob": FAILED}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The file is empty."),
        (b"\xff\xfe", "The file is not UTF-8 text: save it as «CSV UTF-8»."),
        (b"a,b\r\n", "The first line names no column «item_id»: it needs item_id, outcome."),
        (b'item_id,outcome\r\n"x', "The file is no CSV: unexpected end of data."),
    ],
)
def test_what_is_no_result_at_all(content: bytes, why: str) -> None:
    batch = given_manual("ann")

    with pytest.raises(InvalidInput, match=why.replace(".", r"\.")):
        importing.preview_result(batch_id=batch.pk, content=content)
