"""What ops decided about a merchant: kept with who and why, and above what Button tells."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse

from offers.models import MerchantOverlay, OverlayChange
from offers.overlay import DECIDED, Look, decide_look, switch
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from tests.admin_world import PASSWORD, make_staff, said
from tests.conftest import CommittedDatabase
from tests.factories import MERCHANT, NOON
from tests.members.calling import read
from tests.offers.brands import listed, read_catalog, wire_brand
from tests.offers.menus import decided, make_merchant
from tests.offers.rules.making import person

WHOLE: dict[str, Any] = {
    "shown_name": "Our Brand",
    "is_switched_off": False,
    "is_featured": True,
    "position": 3,
    "categories": ("Shoes", "Sport"),
    "note": "Sent by Ann",
}


def decide(reason: str = "as agreed", **look: Any) -> OverlayChange:
    make_merchant()
    return decide_look(
        merchant_id=MERCHANT, look=Look(**look), actor=person(), reason=reason, at=NOON
    )


@pytest.mark.django_db
def test_a_decision_survives_what_button_tells(button: responses.RequestsMock) -> None:
    listed(button, wire_brand(categories=["Sport goods"]))
    read_catalog()
    decide(**WHOLE)

    listed(button, wire_brand(name="Brand Renamed", categories=["Other"]))
    read_catalog()

    told = read(f"merchants/{MERCHANT}/")
    assert (told["name"], told["categories"], told["featured"]) == (
        "Our Brand",
        ["Shoes", "Sport"],
        True,
    )
    assert read("merchants/")["results"] == [told]
    assert "Sent by Ann" not in str(told)


@pytest.mark.django_db
def test_what_is_not_decided_is_as_button_tells(button: responses.RequestsMock) -> None:
    listed(button, wire_brand(categories=["Sport goods"]))
    read_catalog()
    decide(position=2)

    told = read(f"merchants/{MERCHANT}/")

    assert (told["name"], told["categories"]) == ("Brand Example", ["Sport goods"])


@pytest.mark.django_db
def test_a_merchant_that_is_switched_off_is_in_no_list(button: responses.RequestsMock) -> None:
    listed(button, wire_brand("org-on"), wire_brand("org-off"))
    read_catalog()
    decided("org-off", is_switched_off=True)
    decided("org-by-order", is_switched_off=True)

    assert [one["merchant_id"] for one in read("merchants/")["results"]] == ["org-on"]
    assert read("merchants/org-off/")["status"] == "inactive"
    assert read("merchants/org-by-order/")["status"] == "inactive"


@pytest.mark.django_db
def test_every_decision_is_kept_with_who_and_why() -> None:
    decide("First", shown_name="A", categories=("Shoes",))
    switch(merchant_id=MERCHANT, is_off=True, actor=person(), reason=" Closed ", at=NOON)
    decide("Third", shown_name="  B  ", categories=("Sport", " Sport ", ""), is_switched_off=True)

    changes = OverlayChange.objects.order_by("number").values_list("number", "reason", "changes")
    assert list(changes) == [
        (
            1,
            "First",
            [
                {"field": "shown_name", "before": "", "after": "A"},
                {"field": "categories", "before": [], "after": ["Shoes"]},
            ],
        ),
        (2, "Closed", [{"field": "is_switched_off", "before": False, "after": True}]),
        (
            3,
            "Third",
            [
                {"field": "shown_name", "before": "A", "after": "B"},
                {"field": "categories", "before": ["Shoes"], "after": ["Sport"]},
            ],
        ),
    ]
    overlay = MerchantOverlay.objects.get()
    assert (overlay.shown_name, overlay.is_switched_off, overlay.change_count) == ("B", True, 3)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("look", "field"),
    [
        ({"shown_name": "x" * 256}, "shown_name"),
        ({"position": 0}, "position"),
        ({"categories": tuple(f"c{one}" for one in range(21))}, "categories"),
        ({"categories": ("x" * 65,)}, "categories"),
        ({"note": "x" * 2001}, "note"),
    ],
)
def test_what_cannot_be_decided(look: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        decide(**look)

    assert list(error.value.fields) == [field]
    assert not MerchantOverlay.objects.exists()


@pytest.mark.django_db
def test_nothing_is_decided_without_a_reason_a_merchant_or_a_change() -> None:
    with pytest.raises(InvalidInput):
        decide("  ", is_featured=True)
    with pytest.raises(Conflict):
        decide(is_featured=False)
    with pytest.raises(NotFound):
        switch(merchant_id="org-none", is_off=True, actor=person(), reason="x", at=NOON)
    assert not OverlayChange.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE offers_overlaychange SET reason = 'other'",
        "DELETE FROM offers_overlaychange",
    ],
)
def test_a_decision_is_not_changed_and_not_deleted(sql: str) -> None:
    decide(is_featured=True)

    with (
        pytest.raises(IntegrityError, match="append-only"),
        atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


@pytest.mark.slow
def test_decisions_survive_the_way_back(committed_db: CommittedDatabase) -> None:
    """The table is append-only, and still its migration can be taken back and made again."""
    call_command("migrate", "offers", "0003", verbosity=0)
    call_command("migrate", "offers", verbosity=0)
    decide(is_featured=True)
    with pytest.raises(IntegrityError, match="append-only"), atomic():
        OverlayChange.objects.update(reason="other")


@pytest.fixture
def ops(db: None) -> Client:
    client = Client()
    make_staff("Ops")
    assert client.login(username="ops", password=PASSWORD)
    return client


def verb(name: str, *merchant_ids: str) -> str:
    query = "&".join(f"id={one}" for one in merchant_ids)
    return reverse("admin:offers_merchant_do", args=[name]) + f"?{query}"


def test_ops_decides_in_the_admin(ops: Client) -> None:
    make_merchant()
    page = ops.get(verb("look", MERCHANT)).content.decode()
    assert "How members see it" in page

    answer = ops.post(
        verb("look", MERCHANT),
        {
            "id": MERCHANT,
            "shown_name": "Our Brand",
            "is_featured": "on",
            "position": "3",
            "categories": "Shoes, Sport,",
            "note": "<b>careful</b>",
            "reason": "As agreed",
        },
    )

    assert said(answer) == [
        (
            "success",
            "Brand Example: members see it so from now on "
            "(shown name, is featured, position, categories, note).",
        )
    ]
    overlay = MerchantOverlay.objects.get()
    assert {name: getattr(overlay, name) for name in DECIDED} == WHOLE | {
        "categories": ["Shoes", "Sport"],
        "note": "<b>careful</b>",
    }
    page = ops.get(reverse("admin:offers_merchant_change", args=[MERCHANT])).content.decode()
    assert "&lt;b&gt;careful&lt;/b&gt;" in page
    assert "position: — → 3" in page
    assert "As agreed" in page
    form = ops.get(verb("look", MERCHANT)).content.decode()
    assert 'value="Shoes, Sport"' in form


def test_ops_switches_several_off_and_on(ops: Client) -> None:
    for merchant_id in ("org-a", "org-b", "org-c"):
        make_merchant(merchant_id, name=merchant_id)
    decided("org-c", is_switched_off=True)
    both = {"id": ["org-a", "org-b", "org-c"], "reason": "Closed for the winter"}

    off = ops.post(verb("switch-off"), both)

    assert said(off) == [
        ("success", "org-a: switched off; members see no offers of it."),
        ("success", "org-b: switched off; members see no offers of it."),
    ]
    address = reverse("admin:offers_merchant_changelist")
    assert ops.get(f"{address}?seen=off").content.decode().count("switched off</span>") == 3
    assert len(said(ops.post(verb("switch-on"), both))) == 3
    assert not MerchantOverlay.objects.filter(is_switched_off=True).exists()


def test_a_look_is_of_one_merchant(ops: Client) -> None:
    make_merchant("org-a")
    make_merchant("org-b")

    answer = ops.get(verb("look", "org-a", "org-b"))

    assert answer.status_code == 302
    assert said(answer) == [
        ("warning", "Open the merchants one by one: each has a name of its own.")
    ]


@pytest.mark.django_db
def test_others_than_ops_read_and_decide_nothing() -> None:
    decided("org-a", is_featured=True)
    make_staff("Support")
    client = Client()
    assert client.login(username="support", password=PASSWORD)

    page = client.get(reverse("admin:offers_merchant_change", args=["org-a"])).content.decode()
    assert "How members see it" in page
    assert client.get(verb("look", "org-a")).status_code == 403
    assert client.post(verb("switch-off"), {"id": "org-a", "reason": "x"}).status_code == 403


def test_staff_find_merchants_by_what_ops_decided(ops: Client) -> None:
    decided("org-a", categories=("Shoes",), shown_name="Our Brand")
    make_merchant("org-b", name="Other")
    address = reverse("admin:offers_merchant_changelist")

    for term in ("shoes", "our brand"):
        page = ops.get(address, {"q": term}).content.decode()
        assert "org-a" in page
        assert "org-b" not in page
