from typing import Any

import pytest

from rewards_site.button.signature import sign, verify
from tests.button.samples import vectors

VECTORS: list[dict[str, Any]] = vectors("webhook-signatures")["vectors"]
BODY = b'{"id": "hook-1"}'
GOOD = sign(BODY, "whsec-1")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_every_vector_agrees(vector: dict[str, Any]) -> None:
    body = bytes.fromhex(vector["body_hex"])

    assert verify(body, vector["signature"], [vector["secret"]]) is vector["valid"]
    assert (sign(body, vector["secret"]) == vector["signature"]) is vector["valid"]


def test_any_of_the_secrets_may_have_signed() -> None:
    assert verify(BODY, GOOD, ["whsec-0", "whsec-1", "whsec-2"])
    assert not verify(BODY, GOOD, ["whsec-0", "whsec-2"])


def test_without_secrets_nothing_is_signed() -> None:
    assert not verify(BODY, GOOD, [])


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        GOOD + " ",
        " " + GOOD,
        GOOD.upper(),
        GOOD[:-1],
        "sha256=" + GOOD,
        "signaturé",
        "\udcff" * 64,
        "\x00",
        "a" * 1_000_000,
        ",".join([GOOD, GOOD]),
    ],
)
def test_any_other_header_is_refused_and_none_raises(header: str) -> None:
    assert verify(BODY, header, ["whsec-1"]) is False


def test_the_untouched_bytes_are_signed() -> None:
    assert not verify(b'{"id":"hook-1"}', GOOD, ["whsec-1"])


def test_a_secret_need_not_be_ascii() -> None:
    assert verify(BODY, sign(BODY, "gehéim-ὠ"), ["gehéim-ὠ"])
