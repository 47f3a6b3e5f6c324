"""Tokens of offers: good for one member, for half an hour, and only as we wrote them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.clicks import offer_token, pub_ref
from offers.clicks.listing import Listed
from offers.clicks.offer_token import OfferTokenRefused, Shown, open_token
from rewards_site.kernel.errors import InvalidInput
from rewards_site.kernel.sealing import seal as seal_bytes
from tests.factories import NOON
from tests.offers.clicks.samples import MEMBER, REF, SECRETS, SHOWN, URL_SAFE, refs, shown_offers

SENTENCE = "This offer can no longer be used. Ask for offers again, and send the new token."


def refusal_of(text: str, *, member_public_id: UUID = MEMBER, at: datetime = NOON) -> str:
    with pytest.raises(OfferTokenRefused) as refused:
        open_token(text, member_public_id=member_public_id, at=at, secrets=SECRETS)
    assert isinstance(refused.value, InvalidInput)
    assert refused.value.code == "offer_token_refused"
    assert set(refused.value.fields) == {"offer_token"}
    assert refused.value.fields["offer_token"] == str(refused.value)
    return str(refused.value)


@given(shown_offers)
def test_what_was_shown_comes_back_word_for_word(shown: Shown) -> None:
    text = offer_token.seal(shown, secrets=SECRETS)

    member = shown.member_public_id
    assert open_token(text, member_public_id=member, at=NOON, secrets=SECRETS) == shown
    assert set(text) <= URL_SAFE


@pytest.mark.parametrize(
    "age",
    [timedelta(minutes=-1), timedelta(0), timedelta(minutes=30, microseconds=-1)],
    ids=str,
)
def test_a_token_is_good_for_half_an_hour(age: timedelta) -> None:
    text = offer_token.seal(SHOWN, secrets=SECRETS)

    assert open_token(text, member_public_id=MEMBER, at=NOON + age, secrets=SECRETS) == SHOWN


@pytest.mark.parametrize(
    "age",
    [timedelta(minutes=30), timedelta(days=400), timedelta(minutes=-1, microseconds=-1)],
    ids=str,
)
def test_no_longer_and_not_from_the_future(age: timedelta) -> None:
    text = offer_token.seal(SHOWN, secrets=SECRETS)

    assert refusal_of(text, at=NOON + age) == SENTENCE


def test_another_members_an_altered_and_an_expired_one_are_refused_in_the_same_words() -> None:
    text = offer_token.seal(SHOWN, secrets=SECRETS)
    others = UUID(int=MEMBER.int ^ 1)

    assert {
        refusal_of(text, member_public_id=others),
        refusal_of(text, at=NOON + timedelta(minutes=31)),
        refusal_of(text[:-1]),
        refusal_of(text.swapcase()),
        refusal_of(offer_token.seal(SHOWN, secrets=("another site's key, 0123456789-0123",))),
        refusal_of(""),
    } == {SENTENCE}


@given(st.text(st.characters(), max_size=300) | st.text(sorted(URL_SAFE), max_size=300))
def test_any_text_at_all_is_refused(text: str) -> None:
    assert refusal_of(text) == SENTENCE


def test_a_text_of_megabytes_is_refused() -> None:
    assert refusal_of("A" * 5_000_000) == SENTENCE


@given(st.data())
def test_every_change_of_a_token_is_refused(data: st.DataObject) -> None:
    text = offer_token.seal(SHOWN, secrets=SECRETS)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda character: character != text[place]))

    assert refusal_of(text[:place] + other + text[place + 1 :]) == SENTENCE
    assert refusal_of(text[:place]) == SENTENCE
    assert refusal_of(text + other) == SENTENCE


@given(refs)
def test_a_reference_is_no_token(ref: pub_ref.PubRef) -> None:
    assert refusal_of(pub_ref.seal(ref, secrets=SECRETS)) == SENTENCE
    assert pub_ref.open(pub_ref.seal(ref, secrets=SECRETS), secrets=SECRETS) == ref


def test_the_length_does_not_tell_the_listed_commission() -> None:
    """Wherever the rest ends, just before or after a step."""
    for length in range(256):
        shown = replace(SHOWN, exclusions=("x" * length,))
        short, long = (
            offer_token.seal(replace(shown, listed=Listed(value=value)))
            for value in ("2", "12.125")
        )
        assert len(short) == len(long), length


def test_the_length_does_not_tell_the_share() -> None:
    shares = ({"type": "share", "share_bps": bps, "source": "rule"} for bps in (5, 9_999, 10_000))

    assert len({len(offer_token.seal(replace(SHOWN, terms=terms))) for terms in shares}) == 1


def test_the_longest_that_is_sealed_opens_and_a_longer_one_is_refused_when_sealing() -> None:
    room = offer_token.PLAIN_BYTES_MAX - 1000
    longest = replace(SHOWN, exclusions=("x" * room,))
    text = offer_token.seal(longest, secrets=SECRETS)

    assert open_token(text, member_public_id=MEMBER, at=NOON, secrets=SECRETS) == longest
    assert len(text) <= offer_token.LENGTH_MAX
    with pytest.raises(ValueError, match="too long for a token"):
        offer_token.seal(replace(SHOWN, exclusions=("x" * (room + 1000),)))
    with pytest.raises(ValueError, match="cannot be clicked"):
        offer_token.seal(replace(SHOWN, offer_id="o" * 256))


@pytest.mark.parametrize("plain", [b"[]", b"null", b"{}", b"\xff", b"{", b'{"member":3}'], ids=str)
def test_what_we_sealed_in_another_packing_is_refused(plain: bytes) -> None:
    text = seal_bytes(plain, purpose=offer_token.PURPOSE, secrets=SECRETS)

    assert refusal_of(text) == SENTENCE


def test_two_offers_shown_at_once_have_tokens_of_their_own() -> None:
    other = replace(SHOWN, offer_id="offer-41d0c7be9a2f6603-1", listed=Listed(value="3"))
    first, second = (offer_token.seal(shown, secrets=SECRETS) for shown in (SHOWN, other))
    half = len(first) // 2

    assert open_token(second, member_public_id=MEMBER, at=NOON, secrets=SECRETS) == other
    assert refusal_of(first[:half] + second[half:]) == SENTENCE
    assert REF.offer_id not in first
