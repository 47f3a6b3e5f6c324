"""Pure: what may be a customer id."""

import re

CUSTOMER_ID_LENGTH_MAX = 255
_CUSTOMER_ID = re.compile(rf"[\x21-\x7E]{{1,{CUSTOMER_ID_LENGTH_MAX}}}")


def is_customer_id(text: object) -> bool:
    """Whether `text` may be a customer id: 1-255 characters of ASCII 0x21-0x7E (contract, 5)."""
    return isinstance(text, str) and _CUSTOMER_ID.fullmatch(text) is not None
