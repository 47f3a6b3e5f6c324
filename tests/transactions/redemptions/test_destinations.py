"""Where money goes: checked, masked, sealed, and known again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from tests.members.calling import problem_of
from tests.transactions.redemptions.asking import ask, body, fund, requested, staff
from transactions.redemptions import destinations, methods
from transactions.redemptions.limiting import Setting, set_limits
from transactions.redemptions.masks import masked


@pytest.mark.parametrize(
    ("destination", "shown"),
    [
        ("jane.doe@example.com", "j***@***.com"),
        ("jo@example.com", "***@***"),
        ("a@b.co", "***@***"),
        ("jane@x.photography", "j***@***"),
        ("DE89 3704 0044 0532 0130 00", "DE***3000"),
        ("gb29nwbk60161331926819", "GB***6819"),
        ("NO9386011117947", "NO***947"),
        ("Jane Doe, 5 Main Street", "***reet"),
        ("abcd", "***d"),
        ("ab", "***"),
    ],
)
def test_masks(destination: str, shown: str) -> None:
    assert masked(destination) == shown


@given(st.text(min_size=1, max_size=60) | st.emails())
def test_never_more_than_a_third_is_shown(destination: str) -> None:
    compact = "".join(destination.split())
    shown = masked(destination).replace("***", "")

    assert 3 * len(shown) <= max(len(compact), len(destination))


@pytest.mark.parametrize(
    "address", ["a@b.co", "jane.doe+rewards@mail.example.com", "o'hara@example.museum"]
)
def test_email_addresses(address: str) -> None:
    assert methods.checked_email(f" {address} ") == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "jane", "jane@", "@example.com", "jane@example", "jane doe@example.com"),
        *("jane@example..com", "jane@-example.com", ".jane@example.com", "ja..ne@example.com"),
        *("jan\u200de@example.com", "jane@example.com\ufe0f", "ja\u00adne@example.com"),
        *("jane@example.com\n", "jane@ex\u00e4mple.com", "a" * 65 + "@example.com"),
    ],
)
def test_what_is_no_email_address(text: str) -> None:
    with pytest.raises(methods.BadDestination):
        methods.checked_email(text)


@pytest.fixture
def paypal(settings: Settings) -> Iterator[None]:
    """A method by e-mail, offered while there is a key for it: as rooms that pay register one."""
    settings.SOME_PROVIDER_KEY = ""
    before = methods.offered_method("postcard")
    assert before is None
    methods.register_method(
        "postcard",
        label="By postcard",
        check_destination=methods.checked_email,
        is_offered=lambda: bool(settings.SOME_PROVIDER_KEY),
    )
    yield
    methods.unregister_method("postcard")


@pytest.mark.django_db
@pytest.mark.usefixtures("paypal")
def test_a_method_is_offered_while_what_pays_by_it_is_configured(settings: Settings) -> None:
    fund(2000)
    told = body(500, method="postcard", destination="jane@example.com")
    assert problem_of(ask(told), status=422)["errors"][0]["field"] == "method"

    settings.SOME_PROVIDER_KEY = "key"
    answer = ask(told)
    wrong = problem_of(ask(told | {"destination": "Jane"}), status=422)

    assert (answer.status_code, answer.json()["destination"]) == (201, "j***@***")
    assert wrong["errors"] == [
        {"field": "destination", "message": "This is not an e-mail address."}
    ]


@pytest.mark.django_db
def test_sealed_it_opens_with_a_key_in_force_and_is_known_again_after_a_rotation(
    settings: Settings,
) -> None:
    fund(2000)
    settings.SEAL_KEYS = ["a" * 32]
    row = requested(500, destination="Jane Doe, Springfield")

    settings.SEAL_KEYS = ["b" * 32, "a" * 32]
    assert destinations.opened(row) == "Jane Doe, Springfield"
    assert row.destination_digest in destinations.digests_of("jane doe,  SPRINGFIELD")
    settings.SEAL_KEYS = ["b" * 32]
    with pytest.raises(Conflict, match="not in SEAL_KEYS any more"):
        destinations.opened(row)


ZERO_WIDTH_JOINER, SOFT_HYPHEN, EMOJI_STYLE = "\u200d", "\u00ad", "\ufe0f"
GRAPHEME_JOINER, HANGUL_FILLER, BRAILLE_BLANK = "\u034f", "\u3164", "\u2800"
NO_BREAK_SPACE, SELECTOR_256, TAG_A = "\u00a0", "\U000e01ef", "\U000e0061"


@pytest.mark.parametrize(
    "unseen",
    [
        *(ZERO_WIDTH_JOINER, SOFT_HYPHEN, EMOJI_STYLE, GRAPHEME_JOINER, HANGUL_FILLER),
        *(BRAILLE_BLANK, NO_BREAK_SPACE, SELECTOR_256, TAG_A),
    ],
)
def test_what_nobody_sees_makes_no_other_destination(unseen: str) -> None:
    known = destinations.digests_of("paypal me@example.com")

    assert destinations.digests_of(f"paypal m{unseen}e@example.com{unseen}") == known
    assert destinations.digests_of("paypal me@example.org") != known
    assert destinations.digests_of("paypal mé@example.com") != known


@pytest.mark.django_db
def test_a_limit_per_destination_counts_it_however_it_is_spelled() -> None:
    told = Setting(destination_days=30, destination_count=1)
    set_limits(currency="USD", setting=told, actor=staff(), reason="Care.", at=clock.now())
    fund(2000)
    fund(2000, customer_id="u-other")
    requested(500, destination="paypal me@example.com")

    spelled = f"PayPal m{ZERO_WIDTH_JOINER}e@example.com"
    problem = problem_of(ask(body(500, destination=spelled), customer_id="u-other"), status=422)

    assert problem["type"] == "/problems/too-soon"


@pytest.mark.django_db
def test_in_the_row_of_another_redemption_it_does_not_open() -> None:
    fund(2000)
    first, second = (requested(500, destination=name) for name in ("Jane Doe", "John Roe"))

    first.destination_sealed = second.destination_sealed
    with pytest.raises(Conflict, match="not the one that was asked for"):
        destinations.opened(first)
    first.destination_digest = second.destination_digest
    with pytest.raises(Conflict, match="not the one that was asked for"):
        destinations.opened(first)

    second.destination_digest = "0" * 64
    with pytest.raises(Conflict, match="not the one that was asked for"):
        destinations.opened(second)
