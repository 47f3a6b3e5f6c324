"""Pure: what may be a customer id, and what stands in the place of one that was erased."""

import re
import secrets

CUSTOMER_ID_LENGTH_MAX = 255
_CUSTOMER_ID = re.compile(rf"[\x21-\x7E]{{1,{CUSTOMER_ID_LENGTH_MAX}}}")


def is_customer_id(text: object) -> bool:
    """Whether `text` may be a customer id: 1-255 characters of ASCII 0x21-0x7E (contract, 5)."""
    return isinstance(text, str) and _CUSTOMER_ID.fullmatch(text) is not None


_ERASED = re.compile(r"erased-[0-9a-f]{32}")


def erased_texts(customer_ids: set[str]) -> dict[str, str]:
    """customer id → a random text of nobody, to stand in its place.

    Itself shaped as a customer id, so that whatever was derived from the ids is derived from the
    texts alike; sorted as the ids are, so that what goes by their order does, too.
    """
    texts = sorted(f"erased-{secrets.token_hex(16)}" for _ in customer_ids)
    return dict(zip(sorted(customer_ids), texts, strict=True))


def is_erased(text: object) -> bool:
    """Whether `text` is what erase_member puts in the place of a customer id: it is never told."""
    return isinstance(text, str) and _ERASED.fullmatch(text) is not None


def may_be_told(text: object) -> bool:
    """Whether somebody from outside may be named by `text`: nobody is by an erased one."""
    return is_customer_id(text) and not is_erased(text)
