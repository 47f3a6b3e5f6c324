"""Who is asked for: trimmed, checked, at most ten, and never repeated in a message."""

from __future__ import annotations

from typing import Any

import pytest

from rewards_site.button.identifiers import Shopper, shopper
from rewards_site.kernel.errors import InvalidInput
from tests.button.samples import vectors

HASH = "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"
DEVICE = "6D92078A-8246-4BA4-AE5B-76104861E7DC"


def fields_of(user_id: str = "u-1", **told: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as error:
        shopper(user_id, **told)
    return error.value.fields


def test_trimmed_lower_cased_and_each_once() -> None:
    read = shopper(
        "u-1",
        device_ids=[f" {DEVICE}\n", DEVICE.lower(), "38400000-8cf0-11bd-b23e-10b96e40000d"],
        email_sha256s=[f"\t{HASH.upper()} ", HASH],
    )

    assert read == Shopper(
        user_id="u-1",
        device_ids=(DEVICE, "38400000-8cf0-11bd-b23e-10b96e40000d"),
        email_sha256s=(HASH,),
    )


@pytest.mark.parametrize("vector", vectors("email-sha256")["vectors"], ids=lambda v: repr(v["raw"]))
def test_the_published_hashes_are_taken(vector: dict[str, str]) -> None:
    assert shopper("u-1", email_sha256s=[vector["email_sha256"]]).email_sha256s == (
        vector["email_sha256"],
    )


def test_the_device_id_of_everybody_names_nobody() -> None:
    zeros = "00000000-0000-0000-0000-000000000000"

    assert shopper("u-1", device_ids=[zeros, DEVICE]).device_ids == (DEVICE,)


def test_ten_are_taken_and_eleven_are_not() -> None:
    devices = [f"device-{number}" for number in range(9)]
    assert len(shopper("u-1", device_ids=devices, email_sha256s=[HASH]).device_ids) == 9

    told = "At most 10 device IDs and e-mail hashes together."
    assert fields_of(device_ids=[*devices, "device-9"], email_sha256s=[HASH]) == {
        "device_ids": told,
        "email_sha256s": told,
    }
    assert fields_of(device_ids=[*devices, "device-9", "device-10"]) == {"device_ids": told}


@pytest.mark.parametrize("user_id", ["", "a b", "ü", "a\n", "x" * 256, "\x7f"])
def test_a_user_id_keeps_to_buttons_rule(user_id: str) -> None:
    assert fields_of(user_id) == {"user_id": "Must be 1 to 255 characters of ASCII 0x21 to 0x7E."}


def test_the_longest_user_id_is_one() -> None:
    assert shopper("~" * 255).user_id == "~" * 255


@pytest.mark.parametrize("told", ["abc", HASH[:-1], HASH + "0", "g" * 64, "", "ß" * 64])
def test_what_is_no_hash_is_told_by_its_number(told: str) -> None:
    assert fields_of(email_sha256s=[HASH, told]) == {
        "email_sha256s": "Number 2 is not a SHA-256: 64 hexadecimal digits."
    }


def test_an_address_in_clear_is_not_repeated() -> None:
    (told,) = fields_of(email_sha256s=["User@example.com"]).values()

    assert told.startswith("Number 1 is an e-mail address in clear: send the SHA-256 of it")
    assert "example" not in told


def test_every_field_is_told_at_once() -> None:
    assert fields_of("", device_ids=[" ", "a b"], email_sha256s=["x"]) == {
        "user_id": "Must be 1 to 255 characters of ASCII 0x21 to 0x7E.",
        "device_ids": "Number 1 is empty.",
        "email_sha256s": "Number 1 is not a SHA-256: 64 hexadecimal digits.",
    }
