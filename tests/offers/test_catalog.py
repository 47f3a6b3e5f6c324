from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import responses

from offers.models import (
    CatalogRun,
    Merchant,
    MerchantProfile,
    MerchantRevision,
    RefusedBrand,
    RunStatus,
)
from rewards_site.button.wirejson import text_of
from rewards_site.kernel import clock
from tests.button.samples import sample
from tests.factories import MERCHANT, NOON, observe, tell
from tests.offers.brands import answer, listed, read_catalog, wire_brand

pytestmark = pytest.mark.django_db


def changes_of(merchant_id: str = MERCHANT) -> list[tuple[str, list[tuple[object, ...]]]]:
    """Each revision: its kind, and what changed as (field, before, after)."""
    return [
        (
            revision.kind,
            [(one["field"], one["before"], one["after"]) for one in revision.changes],
        )
        for revision in MerchantRevision.objects.filter(merchant=merchant_id).order_by("number")
    ]


def profiles() -> list[dict[str, Any]]:
    return [dict(row) for row in MerchantProfile.objects.order_by("pk").values()]


def test_a_listed_brand_becomes_a_described_merchant(button: responses.RequestsMock) -> None:
    listed(button, wire_brand())

    report = read_catalog()

    assert (report.status, report.listed_count, report.counts.described) == (RunStatus.DONE, 1, 1)
    profile = MerchantProfile.objects.select_related("merchant").get()
    assert (profile.merchant.merchant_id, profile.merchant.name) == (MERCHANT, "Brand Example")
    assert profile.homepage_url == "https://www.brand-example.com"
    assert profile.hostnames == ["brand-example.com", "www.brand-example.com"]
    assert profile.apps == [{"os": "ios", "scheme": "brandexample://"}]
    assert profile.finalization_window_minutes == 43200
    assert profile.reporting_window_days == 1
    assert (profile.coupons_allowed, profile.gift_cards_allowed) == (True, False)
    assert profile.exclusion_details == "No commission on taxes, delivery or gift cards."
    assert profile.unlisted_since is None
    run = CatalogRun.objects.get(pk=report.run_id)
    assert (run.status, run.listed_count, run.described_count) == ("done", 1, 1)


@pytest.mark.parametrize(
    ("path", "merchant_id", "name"),
    [
        ("openapi/brands-200.json", "org-3eec44df0966f6f0", "Brand123"),
        (
            "third-party/merchants-2019-sandbox.json",
            "org-228b55a5707de5c8",
            "Button Test Merchant (Sandbox)",
        ),
    ],
)
def test_both_envelopes_of_buttons_own_samples_are_read(
    button: responses.RequestsMock, path: str, merchant_id: str, name: str
) -> None:
    answer(button, text_of(sample(path)))

    assert read_catalog().status is RunStatus.DONE

    profile = MerchantProfile.objects.get()
    assert (profile.pk, profile.name) == (merchant_id, name)


def test_a_second_reading_of_the_same_list_changes_nothing(button: responses.RequestsMock) -> None:
    listed(button, wire_brand(), wire_brand("org-2"))
    read_catalog()
    before = profiles()

    report = read_catalog()

    assert (report.counts.described, report.counts.changed) == (0, 0)
    assert MerchantRevision.objects.count() == 2
    after = profiles()
    assert [row.pop("read_at") for row in after] > [row.pop("read_at") for row in before]
    assert after == before


def test_what_a_brand_changed_is_kept_before_and_after(button: responses.RequestsMock) -> None:
    listed(button, wire_brand())
    read_catalog()
    listed(
        button,
        wire_brand(
            name="Brand Example Ltd",
            description=None,
            terms={"finalization_window_minutes": 129600, "coupons_allowed": False},
        ),
    )

    report = read_catalog()

    assert report.counts.changed == 1
    assert changes_of()[1] == (
        "changed",
        [
            ("name", "Brand Example", "Brand Example Ltd"),
            ("description", "Sports goods", None),
            ("finalization_window_minutes", 43200, 129600),
            ("coupons_allowed", True, False),
        ],
    )
    revision = MerchantRevision.objects.latest("id")
    assert revision.run_id == report.run_id
    assert '"Brand Example Ltd"' in revision.row
    assert Merchant.objects.get().name == "Brand Example Ltd"
    profile = MerchantProfile.objects.get()
    assert profile.description == ""
    assert [minutes for _, minutes in profile.window_history] == [43200, 129600]
    assert profile.facts_since["name"] == revision.read_at.isoformat()
    assert profile.facts_since["icon_url"] < profile.facts_since["name"]


def test_what_is_not_told_or_unreadable_stays_as_it_was(button: responses.RequestsMock) -> None:
    listed(button, wire_brand())
    read_catalog()
    listed(
        button,
        wire_brand(
            description=...,
            icon_url="javascript:alert(1)",
            terms={"finalization_window_minutes": "43200", "exclusion_details": ...},
        ),
    )

    assert read_catalog().counts.changed == 0

    profile = MerchantProfile.objects.get()
    assert profile.description == "Sports goods"
    assert profile.icon_url == f"https://img.example.net/{MERCHANT}/icon.png"
    assert profile.finalization_window_minutes == 43200
    assert profile.exclusion_details.startswith("No commission on taxes")
    assert profile.flags == [
        "`icon_url` dropped: not a web address",
        "terms_and_conditions: `finalization_window_minutes` dropped: not an integer",
    ]


def test_another_order_of_hosts_and_apps_is_no_news(button: responses.RequestsMock) -> None:
    apps = [{"os": "ios", "scheme": "a://"}, {"os": "android", "scheme": "a://"}]
    listed(button, wire_brand(supported_hostnames=["a.com", "B.com"], apps=apps))
    read_catalog()
    listed(button, wire_brand(supported_hostnames=["b.com", "a.com"], apps=apps[::-1]))

    assert read_catalog().counts.changed == 0


def test_a_brand_that_left_the_list_is_marked_and_stays(button: responses.RequestsMock) -> None:
    tell(observe())
    listed(button, wire_brand(), wire_brand("org-2"))
    read_catalog()
    listed(button, wire_brand("org-2"))

    report = read_catalog()

    assert report.counts.unlisted == 1
    gone = MerchantProfile.objects.get(pk=MERCHANT)
    assert gone.unlisted_since is not None
    assert gone.name == "Brand Example"
    assert read_catalog().counts.unlisted == 0
    assert changes_of()[1:] == [("unlisted", [])]

    listed(button, wire_brand(name="Back again"), wire_brand("org-2"))
    assert read_catalog().counts.relisted == 1
    assert MerchantProfile.objects.get(pk=MERCHANT).unlisted_since is None
    assert changes_of()[2:] == [("relisted", [("name", "Brand Example", "Back again")])]


def test_a_brand_known_by_an_order_only_stays_not_yet_described(
    button: responses.RequestsMock,
) -> None:
    tell(observe(merchant_id="org-elsewhere", merchant_name="Elsewhere"))
    listed(button, wire_brand())

    report = read_catalog()

    assert report.counts.unlisted == 0
    merchant = Merchant.objects.get(pk="org-elsewhere")
    assert merchant.name == "Elsewhere"
    assert not MerchantProfile.objects.filter(pk=merchant.pk).exists()


def test_the_catalogues_name_wins_over_an_orders(button: responses.RequestsMock) -> None:
    tell(observe(merchant_name="BRAND EXAMPLE INC"))
    first_seen_at = Merchant.objects.get().first_seen_at
    listed(button, wire_brand())
    read_catalog()

    tell(observe("tx-2", merchant_name="BRAND EXAMPLE INC"))

    merchant = Merchant.objects.get()
    assert (merchant.name, merchant.first_seen_at) == ("Brand Example", first_seen_at)
    assert read_catalog().counts.changed == 0


def test_one_bad_row_holds_up_no_other(button: responses.RequestsMock) -> None:
    bad = {"name": "no id", "icon_url": 3}
    listed(button, bad, "not an object", wire_brand(), wire_brand(name="Another"))
    report = read_catalog()

    assert (report.status, report.listed_count, report.refused_count) == (RunStatus.DONE, 4, 3)
    assert report.problems == (
        "A brand: `id` is missing.",
        "A brand: `brand` is not an object.",
        f"{MERCHANT}: The brand is listed twice, differently: the first row counts.",
    )
    assert Merchant.objects.get().name == "Brand Example"
    kept = {row.reason: row.row for row in RefusedBrand.objects.all()}
    assert kept["`id` is missing."] == '{"name": "no id", "icon_url": 3}'

    read_catalog()
    assert set(RefusedBrand.objects.values_list("seen_count", "settled_at")) == {(2, None)}
    listed(button, wire_brand())
    read_catalog()
    assert not RefusedBrand.objects.filter(settled_at=None).exists()


def test_a_button_that_fails_is_a_failed_run_and_changes_nothing(
    button: responses.RequestsMock,
) -> None:
    listed(button, wire_brand())
    read_catalog()
    refusal = '{"meta": {"status": "error"}, "error": {"message": "Invalid api_key"}}'
    answer(button, refusal, status=401)

    report = read_catalog()

    assert report.status is RunStatus.FAILED
    assert report.problems == ("Button refused with 401: Invalid api_key",)
    assert CatalogRun.objects.latest("id").error == "Button refused with 401: Invalid api_key"
    assert MerchantProfile.objects.get().unlisted_since is None


@pytest.mark.parametrize("body", ['{"meta": {"status": "ok"}}', '{"objects": []}', "<html>", ""])
def test_what_is_no_list_is_a_failed_run(button: responses.RequestsMock, body: str) -> None:
    listed(button, wire_brand())
    read_catalog()
    answer(button, body)

    assert read_catalog().status is RunStatus.FAILED
    assert MerchantProfile.objects.get().unlisted_since is None


def test_a_list_that_lost_most_brands_is_not_believed(button: responses.RequestsMock) -> None:
    listed(button, *(wire_brand(f"org-{number:02}") for number in range(20)))
    read_catalog()
    listed(button, *(wire_brand(f"org-{number:02}", name="New") for number in range(9)))

    report = read_catalog()

    assert report.status is RunStatus.FAILED
    assert report.problems == (
        "The list lacks 11 of 20 brands, so none of them was marked. If that is true, run "
        "manage.py sync_merchants --accept-missing.",
    )
    assert report.counts.changed == 9
    assert not MerchantProfile.objects.exclude(unlisted_since=None).exists()

    assert read_catalog(may_lose_many=True).counts.unlisted == 11


def test_an_empty_list_is_not_believed_once_there_were_brands(
    button: responses.RequestsMock,
) -> None:
    listed(button)
    assert read_catalog().status is RunStatus.DONE
    listed(button, wire_brand())
    read_catalog()
    listed(button)

    assert read_catalog().status is RunStatus.FAILED
    assert MerchantProfile.objects.get().unlisted_since is None


def test_a_run_whose_process_died_is_marked_by_the_next(button: responses.RequestsMock) -> None:
    dead = CatalogRun.objects.create(started_at=NOON)
    alive = CatalogRun.objects.create(started_at=clock.now() - timedelta(minutes=1))
    listed(button)

    read_catalog()

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.status, alive.status) == ("abandoned", "running")


def test_an_older_reading_does_not_overwrite_a_newer_one(button: responses.RequestsMock) -> None:
    listed(button, wire_brand(), wire_brand("org-2"))
    read_catalog()
    ahead = clock.now() + timedelta(minutes=1)  # another run, that read after us, was faster
    MerchantProfile.objects.update(read_at=ahead)
    listed(button, wire_brand(name="Older"))

    report = read_catalog()

    assert (report.counts.changed, report.counts.unlisted) == (0, 0)
    assert set(MerchantProfile.objects.values_list("name", flat=True)) == {"Brand Example"}


def test_a_clock_that_was_set_back_does_not_stop_the_readings(
    button: responses.RequestsMock,
) -> None:
    listed(button, wire_brand())
    read_catalog()
    MerchantProfile.objects.update(read_at=clock.now() + timedelta(days=30))
    listed(button, wire_brand(name="Newer"))

    assert read_catalog().counts.changed == 1
