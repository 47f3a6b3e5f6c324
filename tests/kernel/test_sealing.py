"""Sealed texts: every change of one is seen, and each purpose has keys of its own."""

from __future__ import annotations

import base64
import string
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from rewards_site.kernel.sealing import OVERHEAD_BYTES, open_sealed, seal
from tests.offers.clicks.samples import SECRETS, URL_SAFE

PURPOSE = "test"
OTHER_SECRETS = ("the key of yesterday, 0123456789-01234567",)
plains = st.binary(min_size=1, max_size=400)


def opened(text: str) -> bytes | None:
    return open_sealed(text, purpose=PURPOSE, secrets=SECRETS)


def bytes_of(text: str) -> bytearray:
    return bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def text_of(raw: bytes | bytearray) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@given(plains)
def test_what_was_sealed_opens(plain: bytes) -> None:
    text = seal(plain, purpose=PURPOSE, secrets=SECRETS)

    assert opened(text) == plain
    assert len(bytes_of(text)) == len(plain) + OVERHEAD_BYTES
    assert set(text) <= URL_SAFE


def test_every_single_bit_counts() -> None:
    raw = bytes_of(seal(b"click 812 of offer 3", purpose=PURPOSE, secrets=SECRETS))

    for bit in range(len(raw) * 8):
        altered = bytearray(raw)
        altered[bit // 8] ^= 1 << bit % 8
        assert opened(text_of(altered)) is None, f"bit {bit}"


@given(st.binary(min_size=1, max_size=6))
def test_every_character_counts_and_so_do_bits_that_spell_nothing(plain: bytes) -> None:
    """Six lengths: the last character of a text has 6, 4 or 2 bits that mean something."""
    text = seal(plain, purpose=PURPOSE, secrets=SECRETS)

    for place, character in enumerate(text):
        for other in {*string.printable, "=", "é", "ſ", "\ud800"} - {character}:
            altered = text[:place] + other + text[place + 1 :]
            assert opened(altered) is None, (place, other)


@given(plains, plains)
def test_nothing_is_cut_off_added_or_swapped(one: bytes, two: bytes) -> None:
    first, second = (seal(plain, purpose=PURPOSE, secrets=SECRETS) for plain in (one, two))

    for cut in range(len(first)):
        assert opened(first[:cut]) is None
        assert opened(first[cut + 1 :]) is None
        spliced = first[:cut] + second[cut:]
        assert spliced in (first, second) or opened(spliced) is None
    for more in ("A", "AA", "=", "==", "\n", " ", "%3D", "\x00", second):
        assert opened(first + more) is None
        assert opened(more + first) is None


def test_only_the_shared_start_can_be_swapped() -> None:
    """The first 6 characters are of the version and the key id: the same in both, so no change."""
    first, second = (seal(b"the same", purpose=PURPOSE, secrets=SECRETS) for _ in range(2))

    assert first[:6] == second[:6]
    assert first[:6] + second[6:] == second


@given(plains)
def test_letters_in_another_case_and_percent_signs_are_changes(plain: bytes) -> None:
    text = seal(plain, purpose=PURPOSE, secrets=SECRETS)

    for altered in (text.lower(), text.upper(), text.swapcase(), f"%{ord(text[0]):02X}{text[1:]}"):
        assert opened(altered) is None
    standard = text.replace("-", "+").replace("_", "/")
    assert opened(standard) == (plain if standard == text else None)


@given(plains)
def test_what_one_purpose_sealed_no_other_opens(plain: bytes) -> None:
    text = seal(plain, purpose=PURPOSE, secrets=SECRETS)

    for other in ("tes", "test2", "", "pub_ref", "offer_token"):
        assert open_sealed(text, purpose=other, secrets=SECRETS) is None


@given(plains)
def test_the_first_key_seals_and_all_open(plain: bytes) -> None:
    old = seal(plain, purpose=PURPOSE, secrets=OTHER_SECRETS)
    new = seal(plain, purpose=PURPOSE, secrets=(*SECRETS, *OTHER_SECRETS))

    assert open_sealed(old, purpose=PURPOSE, secrets=(*SECRETS, *OTHER_SECRETS)) == plain
    assert open_sealed(new, purpose=PURPOSE, secrets=SECRETS) == plain
    assert open_sealed(new, purpose=PURPOSE, secrets=OTHER_SECRETS) is None
    assert open_sealed(old, purpose=PURPOSE, secrets=SECRETS) is None


@given(plains)
def test_a_key_id_alone_opens_nothing(plain: bytes) -> None:
    """Another key's text under our key id: the cipher refuses it, not only the id."""
    ours = bytes_of(seal(plain, purpose=PURPOSE, secrets=SECRETS))
    theirs = bytes_of(seal(plain, purpose=PURPOSE, secrets=OTHER_SECRETS))

    assert opened(text_of(ours[:5] + theirs[5:])) is None


def test_threads_share_a_key_without_mixing_texts() -> None:
    """The keys are kept between calls, and a web process has 64 threads."""

    def go(number: int) -> set[bytes | None]:
        plain = str(number).encode() * 50
        return {opened(seal(plain, purpose=PURPOSE, secrets=SECRETS)) for _ in range(300)}

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(go, range(16)))

    assert results == [{str(number).encode() * 50} for number in range(16)]


def test_nothing_of_the_content_shows() -> None:
    plain = b"offer-41d0c7be9a2f6603-0 at 6.5 percent"

    seen = {seal(plain, purpose=PURPOSE, secrets=SECRETS) for _ in range(50)}

    assert len(seen) == 50
    assert not any(plain[:4] in bytes_of(text) for text in seen)
