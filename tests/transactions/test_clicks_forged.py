"""References that are not ours word for word, or are somebody else's: they credit nobody."""

from __future__ import annotations

import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator

import pytest

from offers.clicks import pub_ref
from offers.clicks.listing import Listed
from offers.clicks.models import Click
from tests.accounts_sync.inbox.deliveries import answered, deliver, wire_event
from tests.factories import MEMBER, balances, house, observe, tell
from tests.spending import differences
from tests.transactions.tapping import tap
from transactions.ledger.chart import AccountKind
from transactions.models import Transaction
from transactions.told import OutcomeKind

pytestmark = pytest.mark.django_db

OTHER, OTHER_BRAND = "u-0000000000b2", "org-19ab88d0e5c27f36"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
BATCH = 500

Forge = Callable[[random.Random, Click, Click], str]
"""A text made of a click of the member's own at this brand, and one of somebody else."""


@pytest.fixture(autouse=True)
def books() -> Iterator[None]:
    yield
    assert differences() == []


def _raw(text: str) -> bytearray:
    return bytearray(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def flip_a_byte(chance: random.Random, own: Click, other: Click) -> str:
    raw = _raw(own.pub_ref)
    raw[chance.randrange(len(raw))] ^= chance.randrange(1, 256)
    return _text(bytes(raw))


def change_a_letter(chance: random.Random, own: Click, other: Click) -> str:
    at = chance.randrange(len(own.pub_ref))
    return own.pub_ref[:at] + chance.choice(ALPHABET) + own.pub_ref[at + 1 :]


def truncate(chance: random.Random, own: Click, other: Click) -> str:
    start, end = sorted(chance.sample(range(len(own.pub_ref) + 1), 2))
    return own.pub_ref[start:end]


def lengthen(chance: random.Random, own: Click, other: Click) -> str:
    more = chance.choice(["=", "==", " ", "A", "\t", "\u00e9", "&x=1", "#", own.pub_ref, "\u200b"])
    return chance.choice([own.pub_ref + more, more + own.pub_ref])


def change_case(chance: random.Random, own: Click, other: Click) -> str:
    at = chance.randrange(len(own.pub_ref))
    one = own.pub_ref[:at] + own.pub_ref[at].swapcase() + own.pub_ref[at + 1 :]
    return chance.choice([own.pub_ref.lower(), own.pub_ref.upper(), own.pub_ref.swapcase(), one])


def percent_encode(chance: random.Random, own: Click, other: Click) -> str:
    at = chance.randrange(len(own.pub_ref))
    return f"{own.pub_ref[:at]}%{ord(own.pub_ref[at]):02X}{own.pub_ref[at + 1 :]}"


def splice(chance: random.Random, own: Click, other: Click) -> str:
    one, two = _raw(own.pub_ref), _raw(other.pub_ref)
    at = chance.randrange(1, min(len(one), len(two)))
    return _text(bytes(one[:at] + two[at:]))


def seal_by_another_key(chance: random.Random, own: Click, other: Click) -> str:
    """The very click, or that of another member, as somebody with a key of theirs writes it."""
    click = chance.choice([own, other])
    ref = pub_ref.PubRef(
        click_id=click.public_id, offer_id=click.offer_id, listed=Listed(value="99")
    )
    return pub_ref.seal(ref, secrets=(f"guess-{chance.random()}",))


def with_our_header(chance: random.Random, own: Click, other: Click) -> str:
    """So that it names our key."""
    forged = _raw(seal_by_another_key(chance, own, other))
    forged[:5] = _raw(own.pub_ref)[:5]
    return _text(bytes(forged))


def seal_it_again(chance: random.Random, own: Click, other: Click) -> str:
    """By our own key, but never given to anybody."""
    return pub_ref.seal(
        pub_ref.PubRef(
            click_id=own.public_id, offer_id=own.offer_id, listed=Listed(value=own.listed_value)
        )
    )


def bare_click_id(chance: random.Random, own: Click, other: Click) -> str:
    return chance.choice([str(own.public_id), own.public_id.hex, str(own.pk), str(other.public_id)])


def bare_offer_id(chance: random.Random, own: Click, other: Click) -> str:
    return own.offer_id


FORGERIES: tuple[Forge, ...] = (
    *(flip_a_byte, change_a_letter, truncate, lengthen, change_case, percent_encode, splice),
    *(seal_by_another_key, with_our_header, seal_it_again, bare_click_id, bare_offer_id),
)


def forged(count: int, own: Click, other: Click) -> list[str]:
    chance = random.Random(20261122)
    texts: list[str] = []
    while len(texts) < count:
        text = FORGERIES[len(texts) % len(FORGERIES)](chance, own, other)
        if text not in (own.pub_ref, other.pub_ref):
            texts.append(text)
    return texts


def nobody_gains(count: int) -> None:
    """Each text is told of an order that names nobody else, and of one of the very member's."""
    texts = forged(count, tap(), tap(OTHER))
    for first in range(0, count, BATCH):
        numbered = list(enumerate(texts[first : first + BATCH], first))
        outcomes = tell(
            *(
                observe(f"tx-{n}-nameless", pub_ref=text, publisher_customer_id=None)
                for n, text in numbered
            ),
            *(observe(f"tx-{n}-named", pub_ref=text) for n, text in numbered),
        )
        assert {outcome.kind for outcome in outcomes} == {OutcomeKind.APPLIED}

    assert Transaction.objects.count() == 2 * count
    assert not Transaction.objects.exclude(click=None).exists()
    assert set(Transaction.objects.values_list("terms__source", flat=True)) == {"default share"}
    assert (balances(), balances(OTHER)) == ({"pending": 500 * count}, {})
    assert house(AccountKind.UNATTRIBUTED_PENDING) == -500 * count


def test_hundreds_of_forged_references_credit_nobody_and_change_no_terms() -> None:
    nobody_gains(1_000)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_100_000_forged_references_credit_nobody_and_change_no_terms() -> None:
    nobody_gains(100_000)


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_signed_webhook_with_a_forged_reference(forge: Forge) -> None:
    own, other = tap(), tap(OTHER)
    chance = random.Random(1)
    ref = forge(chance, own, other)
    while ref in (own.pub_ref, other.pub_ref):
        ref = forge(chance, own, other)

    for number, name in enumerate([None, MEMBER]):
        event = wire_event(
            f"hook-{number}", tx_id=f"tx-{number}", pub_ref=ref, publisher_customer_id=name
        )
        assert answered(deliver(event)) == (200, {"status": "processed"})

    assert (balances(), balances(OTHER)) == ({"pending": 500}, {})
    assert [(row.click, row.pub_ref) for row in Transaction.objects.all()] == [(None, ref)] * 2


@pytest.mark.parametrize("text", ["\x00", "\ud800", "x" * 600])
def test_a_reference_with_more_that_cannot_be_kept_is_dropped(text: str) -> None:
    """It is no reference of ours for all that stands before."""
    own = tap()
    event = wire_event(pub_ref=own.pub_ref + text * 2, publisher_customer_id=None)

    assert answered(deliver(event)) == (200, {"status": "processed"})

    assert balances() == {}
    assert [row.click for row in Transaction.objects.all()] == [None]


def test_real_references_that_are_not_this_orders() -> None:
    """Another member's, another brand's, and one tapped after the purchase, by webhook."""
    elsewhere, others = tap(merchant_id=OTHER_BRAND), tap(OTHER)
    own = tap()
    bought_before = "2026-11-20T10:59:59Z"  # a second before all the taps
    told: dict[str, dict[str, str | None]] = {
        "tx-1": {"pub_ref": elsewhere.pub_ref, "publisher_customer_id": None},
        "tx-2": {"pub_ref": elsewhere.pub_ref},
        "tx-3": {"pub_ref": others.pub_ref},
        "tx-4": {"pub_ref": own.pub_ref, "order_purchase_date": bought_before},
        "tx-5": {"pub_ref": own.pub_ref},
    }

    for tx_id, words in told.items():
        event = wire_event(f"hook-{tx_id}", tx_id=tx_id, **words)
        assert answered(deliver(event)) == (200, {"status": "processed"})

    shares = dict(Transaction.objects.values_list("children__tx_id", "terms__share_bps"))
    assert shares == {"tx-1": 5000, "tx-2": 5000, "tx-3": 5000, "tx-4": 5000, "tx-5": 8000}
    assert (balances(), balances(OTHER)) == ({"pending": 3 * 500 + 800}, {})
    assert house(AccountKind.UNATTRIBUTED_PENDING) == -500
