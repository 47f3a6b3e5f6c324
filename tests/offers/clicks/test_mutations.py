"""100,000 mutated references, none opens (the measure of the sealing)."""

from __future__ import annotations

import base64
import random
import uuid
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from offers.clicks import offer_token, pub_ref
from offers.clicks.listing import Listed
from tests.offers.clicks.samples import SECRETS, SHOWN

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
Mutation = Callable[[random.Random, str, str], str]


def make_ref(chance: random.Random) -> pub_ref.PubRef:
    return pub_ref.PubRef(
        click_id=uuid.UUID(int=chance.getrandbits(128)),
        offer_id="offer-" + "".join(chance.choices("0123456789abcdef-", k=chance.randint(1, 249))),
        listed=Listed(
            value=f"{chance.randint(0, 99)}.{chance.randint(0, 99)}",
            currency=chance.choice([None, "USD", "JPY"]),
        ),
    )


def flip_bits(chance: random.Random, text: str, other: str) -> str:
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for _ in range(chance.choice([1, 1, 2, 8])):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def change_characters(chance: random.Random, text: str, other: str) -> str:
    characters = list(text)
    for _ in range(chance.choice([1, 1, 2, 8])):
        characters[chance.randrange(len(characters))] = chance.choice(ALPHABET)
    return "".join(characters)


def change_the_end(chance: random.Random, text: str, other: str) -> str:
    return text[:-1] + chance.choice(ALPHABET)


def cut(chance: random.Random, text: str, other: str) -> str:
    start = chance.choice([0, 0, chance.randrange(len(text))])
    return text[start : chance.randrange(start, len(text) + 1)]


def extend(chance: random.Random, text: str, other: str) -> str:
    more = "".join(chance.choices(ALPHABET + "=% \n", k=chance.randint(1, 8)))
    return chance.choice([text + more, more + text, text + text, text + other])


def take_out_or_put_in(chance: random.Random, text: str, other: str) -> str:
    place = chance.randrange(len(text))
    return text[:place] + chance.choice(["", chance.choice(ALPHABET)]) + text[place + 1 :]


def move_a_block(chance: random.Random, text: str, other: str) -> str:
    one, two, three = sorted(chance.randrange(len(text) + 1) for _ in range(3))
    return text[:one] + text[two:three] + text[one:two] + text[three:]


def swap_with_another(chance: random.Random, text: str, other: str) -> str:
    place = chance.randrange(min(len(text), len(other)))
    return chance.choice(
        [text[:place] + other[place:], text[:place] + other[-(len(text) - place) :]]
    )


def change_case(chance: random.Random, text: str, other: str) -> str:
    place = chance.randrange(len(text))
    one = text[:place] + text[place].swapcase() + text[place + 1 :]
    return chance.choice([text.lower(), text.upper(), text.swapcase(), text.title(), one])


def encode_otherwise(chance: random.Random, text: str, other: str) -> str:
    place = chance.randrange(len(text))
    return chance.choice(
        [
            f"{text[:place]}%{ord(text[place]):02x}{text[place + 1 :]}",
            text.replace("-", "%2D").replace("_", "%5F"),
            text.replace("-", "+").replace("_", "/"),
            text.replace("-", " "),
            quote(text + "="),
            quote_plus(f" {text}"),
            f'"{text}"',
            text.encode("utf-16").decode("latin-1"),
        ]
    )


def forge(chance: random.Random, text: str, other: str) -> str:
    """By whoever knows the format, and has a key of their own or another text of ours."""
    strange = pub_ref.seal(make_ref(chance), secrets=("not our key, 0123456789-0123456789",))
    return chance.choice(
        [
            strange,
            text[:6] + strange[6:],
            text[:28] + strange[28:],
            "".join(chance.choices(ALPHABET, k=chance.randint(0, 511))),
            offer_token.seal(SHOWN, secrets=SECRETS),
        ]
    )


MUTATIONS: list[Mutation] = [
    flip_bits,
    change_characters,
    change_the_end,
    cut,
    extend,
    take_out_or_put_in,
    move_a_block,
    swap_with_another,
    change_case,
    encode_otherwise,
    forge,
]


def test_none_of_100_000_mutated_references_opens() -> None:
    chance = random.Random(20260101)
    refs = [make_ref(chance) for _ in range(200)]
    genuine = {pub_ref.seal(ref, secrets=SECRETS): ref for ref in refs}
    texts = list(genuine)
    tried: Counter[str] = Counter()

    while tried.total() < 100_000:
        mutate = chance.choice(MUTATIONS)
        mutated = mutate(chance, *chance.sample(texts, 2))
        if mutated not in genuine:  # a change by chance into itself
            tried[mutate.__name__] += 1
            assert pub_ref.open(mutated, secrets=SECRETS) is None, (mutate.__name__, mutated)

    assert set(tried) == {mutate.__name__ for mutate in MUTATIONS}
    opened = [pub_ref.open(text, secrets=SECRETS) for text in texts]
    assert opened == refs  # the control: as they were written, all of them open
