"""Clicks in the admin, as support looks up what was promised."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from offers.clicks import pub_ref
from offers.clicks.listing import Listed
from offers.clicks.models import Click, LinkProblem
from offers.clicks.services import mint, record_click
from rewards_site.members.services import ensure_member
from tests.admin_world import make_staff, said
from tests.factories import MEMBER, NOON
from tests.offers.clicks.samples import SECRETS
from tests.offers.clicks.tapping import shown_to, tapped
from tests.offers.rules.making import A_THIRD, published

pytestmark = pytest.mark.django_db
LIST = "/admin/clicks/click/"


@pytest.fixture
def support(client: Client) -> Client:
    client.force_login(make_staff("Support"))
    return client


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(str(answer.content.decode()).split())


def page_of(click: Click) -> str:
    return f"{LIST}{click.pk}/change/"


def test_a_clicks_page_says_what_was_promised(support: Client) -> None:
    version = published("Spring", A_THIRD)
    terms = {
        "type": "share",
        "share_bps": 3333,
        "source": "rule «Spring» v1",
        "rule_id": str(version.rule.public_id),
        "version": 1,
        "cap_minor": 500,
        "currency": "USD",
        "category_shares": [{"category": "<b>Shoes</b>", "share_bps": 0}],
    }
    click = tapped(terms=terms, listed=Listed(value="12.50", currency="USD"))

    text = text_of(support, page_of(click))

    assert "12.50 USD" in text
    assert "3.25 % back" in text
    assert "33.33 % of the commission, only for a commission in USD, at most 5.00 USD" in text
    assert f'href="/admin/rules/ruleversion/{version.pk}/change/">rule «Spring» v1</a>' in text
    assert "Lines of «&lt;b&gt;Shoes&lt;/b&gt;»" in text
    assert "Gift cards; Delivery, «and» taxes" in text
    assert "2026-11-20 12:00:00 UTC" in text
    assert click.pub_ref in text


def test_terms_of_another_shape_are_shown_as_they_stand(support: Client) -> None:
    click = tapped(terms={"type": "lottery"}, reward={"type": "hope"})

    text = text_of(support, page_of(click))

    assert "Terms of another shape" in text
    assert "&#x27;hope&#x27;" in text


def test_the_list_and_the_members_page(support: Client) -> None:
    click = record_click(
        shown=shown_to(),
        member=ensure_member(MEMBER, at=NOON),
        at=NOON + timedelta(minutes=1),
        link_problem=LinkProblem.NOT_APPROVED,
    )

    for address in (LIST, f"/admin/members/member/{click.member_id}/change/"):
        text = text_of(support, address)
        assert "3.25 % back" in text
        assert "none: the brand has not approved links from here yet" in text


def test_support_finds_a_click_by_what_a_person_sends(support: Client) -> None:
    click, other = tapped(), tapped("u-other")

    for term in (str(click.public_id), click.pub_ref, MEMBER, f" {click.pub_ref} "):
        answer = support.get(LIST, {"q": term})
        text = answer.content.decode()
        assert page_of(click) in text, term
        assert page_of(other) not in text, term
        assert said(answer) == []


def test_a_reference_of_no_click_says_what_it_is(support: Client) -> None:
    click = tapped()
    lost = mint(shown_to())
    opened = pub_ref.open(click.pub_ref)
    assert opened is not None
    cases = {
        lost.pub_ref: f"This reference is genuine, and names click {lost.click_id} on offer ",
        click.pub_ref[:-1]: "This is no reference of ours as it stands: it was altered, cut,",
        click.pub_ref.swapcase(): "This is no reference of ours as it stands: it was altered,",
        pub_ref.seal(opened, secrets=SECRETS): "This is no reference of ours as it stands",
        "%2D".join([click.pub_ref[:0], click.pub_ref]): "This is no reference of ours",
        quote(click.pub_ref[0]) + "%" + f"{ord(click.pub_ref[1]):02X}" + click.pub_ref[2:]: (
            "This is a reference of ours with percent signs written into it."
        ),
    }

    for term, words in cases.items():
        [(level, message)] = said(support.get(LIST, {"q": term}))
        assert level == "warning"
        assert message.startswith(words), term
