"""What members read: the amount and the reason, in plain words, in their language."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from rewards_site.notifications.languages import languages_of
from rewards_site.notifications.models import Notice
from rewards_site.notifications.queries import own_texts
from rewards_site.notifications.services import edit_text
from rewards_site.notifications.texts import TEXTS, TextKey
from rewards_site.notifications.words import words_of
from tests.factories import NOON
from tests.notifications.telling import CLAIM, REDEMPTION

pytestmark = pytest.mark.django_db


def notice(kind: str, **fields: Any) -> Notice:
    values: dict[str, Any] = {
        "kind": kind,
        "number": 1,
        "at": NOON,
        "currency": "USD",
        "pending_change_minor": 0,
        "available_change_minor": 0,
        "redemption_id": REDEMPTION,
        "claim_id": CLAIM,
        "facts": {"store": "Northwind"},
    }
    return Notice(**(values | fields))


def said(told: Notice, accept_language: str = "") -> tuple[str, str]:
    languages = languages_of(accept_language)
    words = words_of(told, languages=languages, own=own_texts(languages))
    return words.title, words.text


def ops() -> User:
    return User.objects.get_or_create(username="olga")[0]


def edit(key: TextKey, language: str, *, title: str, body: str, seen_number: int = 0) -> None:
    edit_text(
        key=key,
        language=language,
        title=title,
        body=body,
        seen_number=seen_number,
        actor=ops(),
        reason="Friendlier.",
        at=NOON,
    )


PAYPAL = {"method": "paypal", "destination": "a•••@example.com"}


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        (
            "reward.pending",
            {"after_minor": 500},
            "Your order at Northwind earned you 5.00 USD. It is pending until the store confirms "
            "the order.",
        ),
        (
            "reward.adjusted",
            {"before_minor": 500, "after_minor": 400},
            "The reward for your order at Northwind changed from 5.00 USD to 4.00 USD. The store "
            "changed the order.",
        ),
        (
            "reward.adjusted",
            {"before_minor": 500, "after_minor": 0, "facts": {"reason": "moved"}},
            "The reward for your order at the store changed from 5.00 USD to 0.00 USD. The "
            "purchase turned out to be another member's.",
        ),
        (
            "reward.available",
            {"before_minor": 500, "after_minor": 500},
            "Your order at Northwind is confirmed: 5.00 USD is yours.",
        ),
        (
            "reward.available",
            {"after_minor": 1005, "currency": "KWD"},
            "Your order at Northwind is confirmed: 1.005 KWD is yours.",
        ),
        (
            "reward.available",
            {"before_minor": 500, "after_minor": 400},
            "Your order at Northwind is confirmed with changes: 4.00 USD is yours. Before, "
            "5.00 USD was expected.",
        ),
        (
            "reward.declined",
            {"before_minor": 500, "after_minor": 0},
            "The reward of 5.00 USD for your order at Northwind was taken back. The store "
            "cancelled the order, or it was returned.",
        ),
        (
            "redemption.requested",
            {"after_minor": 500, "facts": PAYPAL},
            "You asked for 5.00 USD, to be paid to a•••@example.com. It is held for you.",
        ),
        (
            "redemption.approved",
            {"after_minor": 500, "facts": {}},
            "Your payout of 5.00 USD to where you asked is approved and will be sent.",
        ),
        (
            "redemption.paid",
            {"after_minor": 500, "currency": "JPY", "facts": PAYPAL},
            "500 JPY was paid to a•••@example.com.",
        ),
        (
            "redemption.rejected",
            {"available_change_minor": 500, "facts": {"reason": "The name does not match."}},
            "Your payout of 5.00 USD was refused; the money is back in your balance. The name "
            "does not match.",
        ),
        (
            "redemption.cancelled",
            {"before_minor": 500, "facts": PAYPAL},
            "Your payout of 5.00 USD was cancelled; the money is back in your balance.",
        ),
        (
            "redemption.failed",
            {"after_minor": 500, "facts": PAYPAL},
            "5.00 USD could not be paid to a•••@example.com; the money is back in your balance. "
            "Check where it is to go, then ask again.",
        ),
        (
            "claim.opened",
            {"currency": ""},
            "You miss a reward for an order at Northwind. We look into it and tell you here.",
        ),
        (
            "claim.answered",
            {"currency": "", "facts": {"reason": "The order has arrived."}},
            "About your missing reward at the store: The order has arrived.",
        ),
        (
            "balance.adjusted",
            {"available_change_minor": 250, "facts": {"reason": "For your patience."}},
            "Your balance changed by +2.50 USD. For your patience.",
        ),
        (
            "balance.adjusted",
            {"before_minor": 1000, "after_minor": 750, "facts": {}},
            "Your balance changed by -2.50 USD. We corrected it.",
        ),
        (
            "balance.expiring",
            {"before_minor": 700, "after_minor": 700, "facts": {"days": 30}},
            "7.00 USD of your balance expires in 30 days, unless you earn or redeem before.",
        ),
        (
            "balance.expired",
            {"available_change_minor": -1, "currency": "PTS", "facts": {}},
            "1 point of your balance expired. It had not been used for a long time.",
        ),
        (
            "reward.pending",
            {"after_minor": 1500, "currency": "PTS"},
            "Your order at Northwind earned you 1500 points. It is pending until the store "
            "confirms the order.",
        ),
    ],
)
def test_each_kind_in_plain_words(kind: str, fields: dict[str, Any], text: str) -> None:
    title, told = said(notice(kind, **fields))

    assert told == text
    assert title == TEXTS[TextKey(kind)].title


@pytest.mark.parametrize(
    "store",
    [
        "{amount} {0.__class__} {reason!r} {after:>99}",
        "100% %(amount)s %s $amount",
        "<b>Nord</b> & {{Co}}",
        "{",
    ],
)
def test_what_a_brand_calls_itself_is_no_template(store: str) -> None:
    edit(TextKey.REWARD_PENDING, "en", title="{store}", body="{store}: {amount} {{new}}")

    told = said(notice("reward.pending", after_minor=500, facts={"store": store}))

    assert told == (store, f"{store}: 5.00 USD {{new}}")


def test_what_there_is_nothing_to_say_of_leaves_no_blank() -> None:
    body = "{reason} {amount} is back. {reason}"
    edit(TextKey.REDEMPTION_CANCELLED, "en", title="Back", body=body)

    assert said(notice("redemption.cancelled", before_minor=500))[1] == "5.00 USD is back."


def test_a_text_stays_on_one_line_without_control_characters() -> None:
    facts = {"store": "Nord\r\n\tSet-Cookie:\x1b[31m x\x00"}

    _, told = said(notice("reward.available", after_minor=500, facts=facts))

    assert told == "Your order at Nord Set-Cookie: [31m x is confirmed: 5.00 USD is yours."


def test_ops_own_words_come_first_in_the_language_that_is_asked_for() -> None:
    edit(TextKey.REWARD_AVAILABLE, "de", title="Gutschrift", body="{amount} von {store} für dich.")
    edit(TextKey.REWARD_AVAILABLE, "pt-br", title="Recompensa", body="{amount} é seu.")
    edit(TextKey.REWARD_AVAILABLE, "en", title="Yours", body="{amount} is yours, from {store}.")
    told = notice("reward.available", after_minor=123450, currency="EUR")

    german = ("Gutschrift", "1234,50 EUR von Northwind für dich.")
    english = ("Yours", "1234.50 EUR is yours, from Northwind.")
    brazilian = ("Recompensa", "1234,50 EUR é seu.")
    assert said(told, "de") == german
    assert said(told, "de-AT, en;q=0.5") == german
    assert said(told, "ja, DE;q=0.7, en;q=0.5") == german
    assert said(told, "pt-BR") == brazilian
    assert said(told, "pt") == english
    assert said(told, "en-US, de;q=0.9") == english
    for header in ("", "*", "de;q=0", "xx", "de;q=odd", "de," * 400, "\x00", "é"):
        assert said(told, header) == english, header


def test_what_is_not_translated_comes_in_the_next_language() -> None:
    edit(TextKey.REWARD_AVAILABLE, "de", title="Gutschrift", body="{amount} für dich.")

    assert said(notice("reward.declined", before_minor=500, after_minor=0), "de")[0] == (
        "Reward taken back"
    )


def test_the_built_in_words_are_translated_by_gettext(tmp_path: Path, settings: Settings) -> None:
    text = TEXTS[TextKey.REWARD_AVAILABLE]
    write_catalogue(
        tmp_path / "nl" / "LC_MESSAGES" / "django.mo",
        {
            "": "Content-Type: text/plain; charset=UTF-8\n",
            text.title: "Beloning",
            text.body: "{amount} van {store} is van jou.",
            "the store": "de winkel",
            TEXTS[TextKey.BALANCE_ADJUSTED].body: "{change} erbij. {reason}",
            "It is a goodwill credit from us.": "Het is een tegoed van ons.",
            TEXTS[TextKey.REWARD_DECLINED].body: "{bedrag} terug: {",
            "%(count)d point\0%(count)d points": "%(count)d punt\0%(count)d punten",
        },
    )
    settings.LOCALE_PATHS = [tmp_path]
    told = notice("reward.available", after_minor=500, currency="PTS", facts={})

    assert said(told, "nl-BE") == ("Beloning", "500 punten van de winkel is van jou.")
    goodwill = {"reason": "It is a goodwill credit from us."}
    credit = notice("balance.adjusted", available_change_minor=250, facts=goodwill)
    assert said(credit, "nl")[1] == "+2,50 USD erbij. Het is een tegoed van ons."
    assert said(told, "fr")[0] == "Reward available"
    bad = notice("reward.declined", before_minor=500, after_minor=0)
    assert said(bad, "nl")[0] == "Reward taken back"


def write_catalogue(path: Path, told: dict[str, str]) -> None:
    """A .mo file, as msgfmt makes it of a .po file."""
    path.parent.mkdir(parents=True)
    pairs = sorted((key.encode(), value.encode()) for key, value in told.items())
    start = 28 + 16 * len(pairs)
    head, body = b"", b""
    for column in (0, 1):
        for pair in pairs:
            head += struct.pack("<II", len(pair[column]), start + len(body))
            body += pair[column] + b"\0"
    fixed = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    path.write_bytes(fixed + head + body)
