"""The Offers API over a socket (sheet, section 2 and 1.7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.api_switches import ApiSwitches
from rewards_site.button.sandbox.clock import SteppedClock
from rewards_site.button.sandbox.running import running_sandbox
from tests.button.sandbox.caller import Caller

OFFERS = "/v1/offers"
HASH = "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def caller(clock: SteppedClock) -> Iterator[Caller]:
    with running_sandbox(
        seed=7, speed=1, clock=clock, api_keys=("sk-sandbox-0000000000000000", "sk-other")
    ) as sandbox:
        yield Caller(sandbox)


def offers(caller: Caller, user: str = "u-1", **body: Any) -> list[dict[str, Any]]:
    answer = caller.ask(OFFERS, {"user_id": user, **body})
    assert answer.status_code == 200, answer.text
    merchants: list[dict[str, Any]] = answer.json()["object"]["merchant_offers"]
    return merchants


def rates(caller: Caller, user: str = "u-1", **body: Any) -> list[str]:
    """Every percentage, brand after brand."""
    merchants = offers(caller, user, **body)
    return [row.get("rate_percent", "") for one in merchants for row in one["offers"]]


def test_every_approved_brand_is_there_once_with_ranked_offers(caller: Caller) -> None:
    merchants = offers(caller)

    assert [one["merchant_id"] for one in merchants] == [brand.id for brand in catalog.BRANDS]
    for one in merchants:
        assert [row["rank"] for row in one["offers"]] == list(range(1, len(one["offers"]) + 1))


def test_an_offer_has_one_rate_a_type_and_an_id_of_its_own(caller: Caller) -> None:
    rows = [row for one in offers(caller) for row in one["offers"]]

    kinds = {row["display_params"].get("offer_type", "none").lower() for row in rows}
    assert kinds == {"category", "default", "exclusion", "none"}
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert ("rate_percent" in row) != ("rate_fixed" in row)
        assert ("rate_fixed" in row) == ("currency" in row)
        is_exclusion = row["display_params"].get("offer_type", "").lower() == "exclusion"
        assert is_exclusion == (row.get("rate_percent") == "0")


def test_a_fixed_rate_is_in_major_units_of_its_currency(caller: Caller) -> None:
    fixed = {
        (row["currency"], row["rate_fixed"])
        for user in ("u-1", "u-2", "u-3", "u-4", "u-5", "u-6")
        for one in offers(caller, user, device_ids=[user], email_sha256s=[HASH])
        for row in one["offers"]
        if "rate_fixed" in row
    }

    assert ("JPY", "750") in fixed
    assert fixed <= {("JPY", "750"), ("USD", "5.00"), ("GBP", "3.95"), ("KWD", "1.550")}


def test_the_same_user_gets_the_same_and_another_gets_others(caller: Caller) -> None:
    assert rates(caller) == rates(caller)
    assert rates(caller) != rates(caller, "u-2")


def test_an_identifier_opens_rates_however_it_is_spelt_and_placed(caller: Caller) -> None:
    phone, tablet = "6D92078A-8246-4BA4-AE5B-76104861E7DC", "tablet"

    known = rates(caller, device_ids=[phone, tablet], email_sha256s=[HASH])

    assert known != rates(caller)
    assert known == rates(
        caller, device_ids=[tablet, f" {phone.lower()} "], email_sha256s=[HASH.upper()]
    )


def test_rates_move_with_time_and_come_out_the_same_for_a_seed(
    caller: Caller, clock: SteppedClock
) -> None:
    def tagged() -> list[str]:
        return [
            one["merchant_id"]
            for one in offers(caller)
            for row in one["offers"]
            if row["display_params"].get("offer_tag") == "promotional"
        ]

    history = []
    for _ in range(12):
        history.append((tuple(rates(caller)), tuple(tagged())))
        clock.move(seconds=6 * 3600)
    with running_sandbox(seed=7, speed=1, clock=SteppedClock(NOON)) as again:
        repeated = tuple(rates(Caller(again)))
    with running_sandbox(seed=8, speed=1, clock=SteppedClock(NOON)) as elsewhere:
        others = tuple(rates(Caller(elsewhere)))

    assert len({told for told, _ in history}) > 3
    assert {bool(promoted) for _, promoted in history} == {True, False}
    assert history[0][0] == repeated
    assert history[0][0] != others


def test_a_merchant_id_restricts_and_an_unknown_one_gives_nothing(caller: Caller) -> None:
    brand = catalog.BRANDS[2].id

    (only,) = offers(caller, merchant_id=brand)

    assert only in offers(caller)
    assert only["merchant_id"] == brand
    assert offers(caller, merchant_id="org-0000000000000000") == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Missing user_id"),
        ({"user_id": None}, "Missing user_id"),
        ({"user_id": ""}, "Invalid user_id"),
        ({"user_id": "a b"}, "Invalid user_id"),
        ({"user_id": "é"}, "Invalid user_id"),
        ({"user_id": "\ud800"}, "Invalid user_id"),
        ({"user_id": "u\n"}, "Invalid user_id"),
        ({"user_id": "u" * 256}, "Invalid user_id"),
        ({"user_id": 1}, "Invalid user_id"),
        ({"user_id": "u", "device_ids": "x"}, "Invalid device_ids"),
        ({"user_id": "u", "device_ids": [1]}, "Invalid device_ids"),
        ({"user_id": "u", "email_sha256s": [HASH[1:]]}, "Invalid email_sha256s"),
        ({"user_id": "u", "email_sha256s": ["user@example.com"]}, "Invalid email_sha256s"),
        ({"user_id": "u", "merchant_id": 1}, "Invalid merchant_id"),
        (
            {"user_id": "u", "device_ids": ["d"] * 6, "email_sha256s": [HASH] * 5},
            "At most 10 identifiers are accepted",
        ),
        ([], "The body must be a JSON object"),
    ],
)
def test_what_breaks_the_rules_is_a_400(caller: Caller, body: object, message: str) -> None:
    answer = caller.ask(OFFERS, body)

    assert answer.status_code == 400
    assert answer.json() == {"meta": {"status": "error"}, "error": {"message": message}}


def test_the_longest_user_and_ten_identifiers_are_taken(caller: Caller) -> None:
    body = {"user_id": "~" * 255, "device_ids": ["d"] * 5, "email_sha256s": [HASH] * 5}

    assert caller.ask(OFFERS, body).status_code == 200


def test_only_json_is_read(caller: Caller) -> None:
    auth = ("sk-sandbox-0000000000000000", "")
    form = caller.session.post(caller.url + OFFERS, data={"user_id": "u"}, auth=auth, timeout=10)
    broken = caller.session.post(
        caller.url + OFFERS,
        data="{",
        headers={"Content-Type": "application/json; charset=utf-8"},
        auth=auth,
        timeout=10,
    )

    assert (form.status_code, broken.status_code) == (400, 400)
    assert form.json()["error"]["message"] == "Content-Type must be application/json"
    assert broken.json()["error"]["message"] == "Invalid JSON"
    assert caller.get(OFFERS).status_code == 405


def test_the_limit_is_5000_and_what_is_above_it_a_429(caller: Caller, clock: SteppedClock) -> None:
    assert ApiSwitches().offers_per_minute == 5000
    caller.control("api", offers_per_minute=3)
    allowed = [caller.ask(OFFERS, {"user_id": "u"}).status_code for _ in range(3)]

    refused = caller.ask(OFFERS, {"user_id": "u"})
    others = caller.ask(OFFERS, {"user_id": "u"}, key="sk-other")
    told = caller.session.get(f"{caller.url}/control/api", timeout=10).json()
    clock.move(seconds=60)
    later = caller.ask(OFFERS, {"user_id": "u"})

    assert allowed == [200, 200, 200]
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert refused.json() == {
        "meta": {"status": "error"},
        "error": {"message": "Too many requests"},
    }
    assert told["keys"]["sk-sandbox-0000000000000000"]["offers"] == {
        "last_minute": 3,
        "refused": 1,
    }
    assert (others.status_code, later.status_code) == (200, 200)


def test_the_shape_of_2019(caller: Caller) -> None:
    caller.control("api", offers_shape="2019")

    for one in offers(caller):
        assert one["best_offer_id"] == one["offers"][0]["id"]
        for row in one["offers"]:
            assert "rank" not in row
            assert set(row["display_params"]) <= {"category"}


def test_offers_are_laid_down_for_all_or_for_one_user(caller: Caller) -> None:
    brand = catalog.BRANDS[0].id
    path = f"brands/{brand}/offers"
    caller.control(path, offers=[{"rate_percent": "4.5", "category": "Shoes", "id": "offer-1"}])
    caller.control(path, user="u-2", offers=[{"rate_fixed": "1.00", "currency": "USD"}])
    caller.control(path, user="u-3", offers=[])

    first, second, third = (
        offers(caller, user, merchant_id=brand)[0]["offers"] for user in ("u-1", "u-2", "u-3")
    )

    assert first == [
        {
            "id": "offer-1",
            "rate_percent": "4.5",
            "rank": 1,
            "display_params": {"category": "Shoes"},
        }
    ]
    assert [(row["rate_fixed"], row["currency"]) for row in second] == [("1.00", "USD")]
    assert third == []
    caller.control(path, offers=None)
    assert len(offers(caller, merchant_id=brand)[0]["offers"]) > 1
