"""References of clicks: what we sealed opens, and no other text there is."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

import pytest
from django.conf import settings as in_force
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from offers.clicks import offer_token, pub_ref
from offers.clicks.listing import Listed
from offers.clicks.pub_ref import PubRef
from rewards_site.kernel.sealing import seal as seal_bytes
from tests.offers.clicks.samples import REF, SECRETS, SHOWN, URL_SAFE, offer_ids, refs

SEALED_IN_2026 = (
    "Abw4krkjinJjXD1iFwOUJqypJCinUQqmqziBuxu29y1YujQqVtOYf7YlexdZdYKURrfzy__A7Ax1EiO4q604ooO3aTtf"
    "eiBz1sltawT0EPLvPnNeyL97Y7jA3IRDdTC6gotU6AGQzIP6OWszc6kH"
)


@given(refs)
def test_what_was_sealed_opens_fits_and_is_safe_in_a_url(ref: PubRef) -> None:
    text = pub_ref.seal(ref, secrets=SECRETS)

    assert pub_ref.open(text, secrets=SECRETS) == ref
    assert len(text) <= 511
    assert set(text) <= URL_SAFE
    assert quote(text, safe="") == text


def test_the_longest_that_is_allowed_fits() -> None:
    digits = "9" * 15
    ref = PubRef(
        click_id=UUID(int=2**128 - 1),
        offer_id="o" * 255,
        listed=Listed(value=f"{digits}.{digits}", currency="GBP"),
    )

    text = pub_ref.seal(ref, secrets=SECRETS)

    assert len(text) == 456
    assert pub_ref.open(text, secrets=SECRETS) == ref


def test_a_reference_that_is_under_way_opens_in_every_later_version() -> None:
    """Orders come months after the click: a version that packs otherwise must still read these."""
    secrets = ("a key that was in force in 2026, and stays",)

    assert pub_ref.open(SEALED_IN_2026, secrets=secrets) == PubRef(
        click_id=UUID("0f8fad5b-d9cb-469f-a165-70867728950e"),
        offer_id="offer-41d0c7be9a2f6603-0",
        listed=Listed(value="2.50", currency="GBP"),
    )


@given(offer_ids)
def test_the_length_does_not_tell_the_listed_commission(offer_id: str) -> None:
    lengths = {
        len(pub_ref.seal(PubRef(click_id=REF.click_id, offer_id=offer_id, listed=listed)))
        for listed in (Listed(value="2"), Listed(value="12.75"), Listed(value="3", currency="USD"))
    }

    assert len(lengths) == 1


def test_the_same_click_sealed_twice_looks_different() -> None:
    assert pub_ref.seal(REF, secrets=SECRETS) != pub_ref.seal(REF, secrets=SECRETS)


@given(st.text(st.characters(), max_size=600) | st.text(sorted(URL_SAFE), max_size=600))
def test_any_text_at_all_is_nothing(text: str) -> None:
    assert pub_ref.open(text, secrets=SECRETS) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "AQ",
        "A" * 511,
        "A" * 512,
        "A" * 5_000_000,
        "\ud800",
        "\x00",
        "é",
        "١" * 100,  # digits, but not of ASCII
        "offer-41d0c7be9a2f6603-0",
        "u-8f14e45fceea",
    ],
    ids=lambda text: ascii(text[:20]) + f"×{len(text)}",
)
def test_hostile_and_foreign_texts_are_nothing(text: str) -> None:
    assert pub_ref.open(text, secrets=SECRETS) is None


@pytest.mark.parametrize("unfit", ["", "o" * 256, "offer\x00"], ids=ascii)
def test_an_offer_id_without_room_is_refused_when_sealing(unfit: str) -> None:
    with pytest.raises(ValueError, match="cannot be clicked"):
        pub_ref.seal(PubRef(click_id=REF.click_id, offer_id=unfit, listed=REF.listed))


def test_a_token_of_an_offer_is_no_reference() -> None:
    token = offer_token.seal(SHOWN, secrets=SECRETS)
    short = seal_bytes(b"x" * 70, purpose=offer_token.PURPOSE, secrets=SECRETS)

    assert pub_ref.open(token, secrets=SECRETS) is None
    assert len(short) <= pub_ref.LENGTH_MAX
    assert pub_ref.open(short, secrets=SECRETS) is None


@pytest.mark.parametrize(
    "plain",
    [
        b"x",
        b"x" * 49,
        b"x" * 70,
        b"\xff" * 70,
        b"c" * 16 + b"\0\0\0" + b"6.5".ljust(31, b"\0"),
        b"c" * 16 + b"\0\0\0" + b"6.5".ljust(31, b"\0") + b"\xff",
        b"c" * 16 + b"usd" + b"6.5".ljust(31, b"\0") + b"offer-1",
    ],
    ids=["1", "49", "no decimal", "no text", "no offer", "offer no text", "no currency"],
)
def test_what_we_sealed_in_another_packing_is_nothing_and_no_error(plain: bytes) -> None:
    text = seal_bytes(plain, purpose=pub_ref.PURPOSE, secrets=SECRETS)

    assert pub_ref.open(text, secrets=SECRETS) is None


def test_the_keys_of_the_settings_seal_and_open(settings: Settings) -> None:
    by_secret_key = pub_ref.seal(REF)
    settings.SEAL_KEYS = ["a" * 32]
    by_a = pub_ref.seal(REF)
    settings.SEAL_KEYS = ["b" * 32, "a" * 32]
    by_b = pub_ref.seal(REF)

    assert [pub_ref.open(text) for text in (by_secret_key, by_a, by_b)] == [REF, REF, REF]
    assert pub_ref.open(by_b, secrets=("b" * 32,)) == REF  # the first seals
    settings.SEAL_KEYS = ["b" * 32]
    assert [pub_ref.open(text) for text in (by_secret_key, by_a, by_b)] == [REF, None, REF]
    settings.SEAL_KEYS, settings.SECRET_KEY = [in_force.SECRET_KEY], "another one"
    assert [pub_ref.open(text) for text in (by_secret_key, by_a, by_b)] == [REF, None, None]
