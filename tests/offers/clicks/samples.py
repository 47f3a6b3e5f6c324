"""Clicks and offers for the tests of what is sealed, any that are allowed and one that is plain."""

from __future__ import annotations

import string
from uuid import UUID

from hypothesis import strategies as st

from offers.clicks.listing import Listed, is_offer_id
from offers.clicks.offer_token import Shown
from offers.clicks.pub_ref import PubRef
from tests.factories import NOON

SECRETS = ("the key of today, 0123456789-0123456789",)
MEMBER = UUID("3d9f8a52-6f0b-4c76-9a39-0f9f4e5d2a11")
URL_SAFE = frozenset(string.ascii_letters + string.digits + "-_")
REF = PubRef(
    click_id=UUID("0f8fad5b-d9cb-469f-a165-70867728950e"),
    offer_id="offer-41d0c7be9a2f6603-0",
    listed=Listed(value="6.5"),
)
SHOWN = Shown(
    member_public_id=MEMBER,
    merchant_id="org-7c1f09aa52d3e418",
    offer_id=REF.offer_id,
    listed=Listed(value="6.5"),
    terms={"type": "share", "share_bps": 5000, "source": "default share"},
    reward={"type": "percent", "value": "3.25", "currency": None},
    exclusions=("Gift cards", "Delivery, «and» taxes"),
    shown_at=NOON,
)

digits = st.text(string.digits, min_size=1, max_size=15)
listed_values = st.builds(
    Listed,
    value=st.one_of(digits, st.builds("{}.{}".format, digits, digits)),
    currency=st.none() | st.text(string.ascii_uppercase, min_size=3, max_size=3),
)
offer_ids = st.one_of(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255),
    st.text(max_size=255).filter(is_offer_id),
)
refs = st.builds(PubRef, click_id=st.uuids(), offer_id=offer_ids, listed=listed_values)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
shown_offers = st.builds(
    Shown,
    member_public_id=st.uuids(),
    merchant_id=st.text(min_size=1, max_size=255),
    offer_id=offer_ids,
    listed=listed_values,
    terms=st.dictionaries(st.text(max_size=20), json_values, max_size=6),
    reward=st.builds(
        lambda value: {"type": "percent", "value": value, "currency": None}, st.text(max_size=20)
    ),
    exclusions=st.lists(st.text(max_size=80), max_size=5).map(tuple),
    shown_at=st.just(NOON),
)
