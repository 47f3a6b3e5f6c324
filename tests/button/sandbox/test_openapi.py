"""The sandbox's answers against Button's own OpenAPI documents, over a socket.

Where a document contradicts the wire as it was seen, the test says what, and that it is all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.running import running_sandbox
from tests.button.samples import sample
from tests.button.sandbox.caller import ACCOUNTS, ALL, Caller
from tests.button.sandbox.openapi import PROFILES, Document

BY_ACCOUNT = f"{ACCOUNTS}/{{account_id}}/transactions"
BRANDS, LINKS, OFFERS = "/v1/brands/", "/v1/links/", "/v1/offers"
SHORT, SHORT_OF_BRANDS = "/v1/shortlink/create", "/v1/shortlink/create/"
PLAIN = catalog.BRANDS[0].id
Answers = dict[tuple[str, str, int], Any]

pytestmark = pytest.mark.parametrize("profile", PROFILES)


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with running_sandbox(seed=7, brand_keys=("sk-brand",), test_keys=("sk-test",)) as sandbox:
        caller = Caller(sandbox)
        for number in range(3):
            caller.order(customer="u-1", pub_ref="c-1", total=1000 + number, amount=50)
        order = caller.order(total=900, amount=90, lines=None)
        caller.control(f"orders/{order['button_order_id']}/validate")
        caller.control("installs", amount=100)
        yield caller


@pytest.fixture(scope="module")
def answers(caller: Caller) -> Answers:
    """One answer for every documented one, by method, path and status."""
    account = caller.objects(ACCOUNTS)[0]["id"]
    known = {"url": "https://cafe-aurore.example/", "link_url": "https://cafe-aurore.example/"}
    pending = {"url": "https://quayside-cycles.example/"}
    nowhere = {"url": "https://www.example.org/", "link_url": "https://www.example.org/"}
    user = {"btn_pub_user": "u-1", "btn_pub_ref": "c-1"}
    caller.control("api", brands_envelope="object", amazon_short_links=True)
    caller.control(f"brands/{catalog.TEST_MERCHANT.id}", subdomain="buttontestmerchant")
    amazon = {"link_url": "https://www.amazon.com/dp/B0", **user}
    told = {
        ("GET", ACCOUNTS, 200): caller.get(ACCOUNTS),
        ("GET", ALL, 200): caller.get(ALL, page_size=2),
        ("GET", BY_ACCOUNT, 200): caller.get(BY_ACCOUNT.format(account_id=account)),
        ("GET", BRANDS, 200): caller.get(BRANDS, key="sk-test"),
        ("GET", BRANDS, 400): caller.get(BRANDS + "org-xxx"),
        ("GET", BRANDS, 401): caller.get(BRANDS, key="sk-brand"),
        ("GET", BRANDS, 404): caller.get(BRANDS + "org-262d6eae90030df9"),
        ("POST", LINKS, 200): caller.ask(LINKS, {**known, "experience": user}),
        ("POST", LINKS, 401): caller.ask(LINKS, known, key="sk-wrong"),
        ("POST", LINKS, 403): caller.ask(LINKS, pending),
        ("POST", LINKS, 404): caller.ask(LINKS, nowhere),
        ("POST", OFFERS, 200): caller.ask(OFFERS, {"user_id": "u-1"}),
    }
    for path, target in ((SHORT, amazon), (SHORT_OF_BRANDS, {**known, **user})):
        told["POST", path, 200] = caller.ask(path, target)
        told["POST", path, 401] = caller.ask(path, target, key="sk-wrong")
        told["POST", path, 404] = caller.ask(path, {**nowhere, **user})
    for (_, _, status), answer in told.items():
        assert answer.status_code == status, answer.text
    caller.control("api", brands_envelope="objects")
    return {which: answer.json() for which, answer in told.items()}


@pytest.mark.parametrize("api", ["billing", "brands", "links", "offers", "shortlink"])
def test_every_documented_answer_is_given_as_documented(
    answers: Answers, profile: str, api: str
) -> None:
    document = Document(profile, api)
    documented = list(document.operations())

    assert document.version == "3.1.0"
    assert set(documented) <= set(answers)
    for which in documented:
        schema = document.schema(*which)
        if schema is not None:
            assert document.problems(schema, answers[which]) == [], which
            gone = document.missing(schema, answers[which])
            # The documents' own example of accounts has no pages either.
            assert gone <= {"$.meta.next", "$.meta.previous"}, which
            assert not gone or which[1] == ACCOUNTS


def test_what_has_no_schema_is_as_its_example(answers: Answers, profile: str) -> None:
    offers, shortlink = Document(profile, "offers"), Document(profile, "shortlink")
    unknown = "shortlink-amazon-404.json"

    assert offers.schema("POST", OFFERS, 200) is None
    assert shortlink.schema("POST", SHORT, 404) is None
    assert answers["POST", SHORT, 404] == dict(sample(f"openapi/{unknown}"))
    assert answers["POST", SHORT_OF_BRANDS, 404] == dict(sample(f"openapi/{unknown}"))
    (example,) = sample("openapi/offers-200.json")["object"]["merchant_offers"]
    shown = {key: type(value) for row in example["offers"] for key, value in row.items()}
    merchants = answers["POST", OFFERS, 200]["object"]["merchant_offers"]
    rows = [row for one in merchants for row in one["offers"]]
    assert {frozenset(one) for one in merchants} == {frozenset(example)}
    told = {key: type(value) for row in rows for key, value in row.items()}
    assert {key: kind for key, kind in told.items() if key != "display_params"} == {
        key: kind for key, kind in shown.items() if key != "display_params"
    }
    assert {key for row in rows for key in row["display_params"]} <= {
        "category",
        "offer_type",
        "offer_tag",
    }


def test_errors_that_no_document_tells_have_the_documented_shape(
    caller: Caller, profile: str
) -> None:
    document = Document(profile, "links")
    schema = document.schema("POST", LINKS, 401)
    assert schema is not None
    caller.control("api", offers_per_minute=1)
    caller.ask(OFFERS, {"user_id": "u"})
    refused = {
        400: [
            caller.get(ALL, start="yesterday"),
            caller.get(ALL, cursor="broken"),
            caller.ask(LINKS, {}),
            caller.ask("/v1/links/info", {"url": 1}),
            caller.get("/v1/merchants", status="open"),
        ],
        401: [caller.get(ACCOUNTS, key="sk-wrong"), caller.ask(OFFERS, {}, key="sk-wrong")],
        404: [caller.get(f"{ACCOUNTS}/acc-0/transactions"), caller.get("/v1/nothing")],
        405: [caller.ask(ALL, {})],
        429: [caller.ask(OFFERS, {"user_id": "u"})],
    }
    caller.control("api", offers_per_minute=5000)

    for status, told in refused.items():
        for answer in told:
            assert answer.status_code == status, answer.text
            assert answer.headers["Content-Type"] == "application/json"
            assert document.problems(schema, answer.json()) == []
            assert document.missing(schema, answer.json()) == set()
            assert answer.json()["meta"]["status"] == "error"


def test_brands_are_as_documented_but_for_what_is_null(caller: Caller, profile: str) -> None:
    """The documents let `subdomain` and `exclusion_details` be text only (sheet, 3.4: or null)."""
    document = Document(profile, "brands")
    schema = document.schema("GET", BRANDS, 200)
    assert schema is not None
    caller.control(f"brands/{PLAIN}", subdomain=None, exclusion_details=None)
    rows = {row["id"]: row for row in caller.objects(BRANDS)}

    problems = {
        brand_id: document.problems(schema, {"meta": {"status": "ok"}, "object": row})
        for brand_id, row in rows.items()
    }

    in_terms = "$.object.terms_and_conditions.exclusion_details"
    assert problems[PLAIN] == [
        "$.object.subdomain: None is not of type 'string'",
        f"{in_terms}: None is not of type 'string'",
    ]
    for brand_id, row in rows.items():
        told = {"$.object.subdomain": row["subdomain"]}
        told[in_terms] = row["terms_and_conditions"]["exclusion_details"]
        nulls = [name for name, value in told.items() if value is None]
        assert [problem.partition(":")[0] for problem in problems[brand_id]] == nulls
        assert document.missing(schema, {"meta": {"status": "ok"}, "object": row}) == set()


def test_a_list_of_brands_stands_in_objects(caller: Caller, profile: str) -> None:
    """The documents show one brand in `object` even for the list (sheet, C18)."""
    document = Document(profile, "brands")
    schema = document.schema("GET", BRANDS, 200)
    assert schema is not None

    assert document.missing(schema, caller.get(BRANDS).json()) == {"$.object"}


def test_the_other_name_of_the_terms_is_in_no_document(caller: Caller, profile: str) -> None:
    """`other_terms` is in the reference's table of fields only (sheet, C18)."""
    document = Document(profile, "brands")
    schema = document.schema("GET", BRANDS, 200)
    assert schema is not None
    caller.control("api", brand_terms="other_terms")

    answer = caller.get(BRANDS + catalog.BRANDS[1].id).json()
    caller.control("api", brand_terms="additional_terms")

    assert document.missing(schema, answer) == {"$.object.terms_and_conditions.additional_terms"}


def test_lines_break_the_closed_schema_as_real_ones_do(caller: Caller, profile: str) -> None:
    """A list of categories was seen on the wire; the document has a text there (sheet, C20)."""
    document = Document(profile, "billing")
    schema = document.schema("GET", ALL, 200)
    assert schema is not None
    caller.order(
        lines=[{"amount": 5, "category": "Clothes"}],
        oddities={"has_category_lists": True},
        at="2020-01-01T00:00:00Z",
    )

    answer = caller.get(ALL, end="2020-01-02T00:00:00Z", page_size=1).json()

    assert document.problems(schema, answer) == [
        "$.objects[0].order_line_items[0].category: ['Clothes'] is not of type 'string', 'null'"
    ]
