"""The API's own description: valid, complete, and true of the answers that it describes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker
from pytest_django import Settings
from responses import RequestsMock

from rewards_site.api_keys.scopes import Scope
from rewards_site.kernel.api.docs import openapi_document
from tests.api_keys.calling import make_key
from tests.factories import MEMBER, MERCHANT, observe, tell
from tests.members.calling import token_for
from tests.notifications import telling as notices
from tests.offers.menus import brand, fixed, offered, percent
from tests.transactions.claims.claiming import filed, tap
from tests.transactions.redemptions.asking import requested
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

SCHEMA = "/api/v1/schema/"
SECRETS = ("commission", "margin", "bps", "share", "publisher_customer_id")
_CANCELS = {
    f"{door}redemptions/{{redemption_id}}/cancel/" for door in ("", "members/{customer_id}/")
}
WRITES = {"offers/", "clicks/", "claims/", "members/{customer_id}/offers/", "notifications/read/"}
WRITES |= {"redemptions/", "members/{customer_id}/redemptions/"} | _CANCELS
"""What is posted to; each has tests of its own."""
ONLY_WRITES = {"notifications/read/"} | _CANCELS


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """As a client reads it."""
    document: dict[str, Any] = json.loads(json.dumps(openapi_document()))
    return document


def strict(value: Any) -> Any:
    """The same, but no object may hold more than it says."""
    if isinstance(value, list):
        return [strict(item) for item in value]
    if isinstance(value, dict):
        inner = {name: strict(item) for name, item in value.items()}
        return inner | ({"additionalProperties": False} if "properties" in value else {})
    return value


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        writes = {"post"} if path.removeprefix("/api/v1/") in WRITES else set()
        reads = set() if path.removeprefix("/api/v1/") in ONLY_WRITES else {"get"}
        assert set(methods) == reads | writes, "what writes needs tests of its own"
        for method in sorted(methods):
            yield path, methods[method]


def reads_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        if "get" in methods:
            yield path, methods["get"]


def good_answer(operation: dict[str, Any]) -> dict[str, Any]:
    [code] = {"200", "201"} & set(operation["responses"])
    answer: dict[str, Any] = operation["responses"][code]
    return answer


def test_it_is_valid_openapi_and_nothing_had_to_be_guessed(tmp_path: Path) -> None:
    target = tmp_path / "schema.yaml"

    call_command("spectacular", file=str(target), validate=True, fail_on_warn=True)

    assert yaml.safe_load(target.read_text())["openapi"] == "3.1.0"


def test_it_is_served_to_everybody_as_json_and_yaml(document: dict[str, Any]) -> None:
    client = Client()

    plain = client.get(SCHEMA)
    assert plain.headers["Content-Type"] == "application/json"
    assert plain.json() == document
    for media_type in ("application/vnd.oai.openapi", "application/vnd.oai.openapi+json"):
        answer = client.get(SCHEMA, headers={"Accept": media_type})
        assert answer.headers["Content-Type"].startswith(media_type)
        assert yaml.safe_load(answer.content) == document
    assert client.get(SCHEMA, headers={"Authorization": "Bearer nonsense"}).status_code == 200


def test_it_names_every_endpoint(document: dict[str, Any]) -> None:
    reads = {"me/", "balances/", "transactions/", "transactions/{transaction_id}/", "activity/"}
    reads |= {"balances/{currency}/explanation/", "redemptions/", "redemptions/{redemption_id}/"}
    reads |= {"merchants/", "merchants/{merchant_id}/", "offers/", "clicks/", "notifications/"}
    reads |= {"claims/", "claims/{claim_id}/"}

    both = {f"/api/v1/{door}{path}" for door in ("", "members/{customer_id}/") for path in reads}
    assert set(document["paths"]) == both | {f"/api/v1/{path}" for path in ONLY_WRITES}


def test_every_operation_says_who_may_and_how_it_fails(document: dict[str, Any]) -> None:
    for path, operation in operations(document):
        is_back_end = path.startswith("/api/v1/members/")
        assert operation["security"] == [{"apiKey" if is_back_end else "memberToken": []}]
        assert operation["summary"]
        assert operation["description"]
        answers = set(operation["responses"])
        assert {"401", "406", "503", "default"} <= answers
        assert good_answer(operation)
        assert ("403" in answers) is is_back_end
        assert ("404" in answers) is ("{" in path)
        names = {each["name"] for each in operation["parameters"]} if "{" in path else set()
        assert set(re.findall(r"{(\w+)}", path)) <= names
        for code, answer in operation["responses"].items():
            if code in {"200", "201"}:
                continue
            (content,) = answer["content"].items()
            assert content[0] == "application/problem+json"
            assert content[1]["schema"] == {"$ref": "#/components/schemas/Problem"}
            if code != "default":
                check(document, content[1]["schema"], content[1]["example"])
                assert content[1]["example"]["status"] == int(code)
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)


def test_it_gives_no_secret_away(document: dict[str, Any]) -> None:
    words = set(re.findall(r"\w+", json.dumps(document).lower()))

    assert not words & set(SECRETS)


def test_the_examples_are_true_to_it(document: dict[str, Any]) -> None:
    count = 0
    for _, operation in operations(document):
        content = good_answer(operation)["content"]["application/json"]
        for example in content.get("examples", {}).values():
            check(document, content["schema"], example["value"])
            count += 1
    assert count >= 5


def test_marking_as_read_answers_as_announced(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/notifications/read/"]["post"]
    good = {"Authorization": f"Bearer {token_for()}"}
    calls = [(good, b'{"up_to": 1}', 200), (good, b"{", 400), (good, b'{"up_to": -1}', 422)]

    for headers, body, status in [*calls, ({}, b'{"up_to": 1}', 401)]:
        response = Client().post(
            "/api/v1/notifications/read/", body, content_type="application/json", headers=headers
        )
        assert response.status_code == status
        check_answer(document, operation, response)


def test_redeeming_and_cancelling_answer_as_announced(
    document: dict[str, Any], places: dict[str, str]
) -> None:
    tell(observe("tx-9", amount_minor=2000, status="validated"))
    asking = document["paths"]["/api/v1/redemptions/"]["post"]
    cancelling = document["paths"]["/api/v1/redemptions/{redemption_id}/cancel/"]["post"]
    good = {"Authorization": f"Bearer {token_for()}"}
    body = b'{"currency": "USD", "amount": 500, "method": "manual", "destination": "Jane"}'
    mine, path = {"Idempotency-Key": "k"}, f"/api/v1/redemptions/{places['redemption_id']}/cancel/"
    calls: list[tuple[dict[str, Any], str, bytes, dict[str, str], int]] = [
        (asking, "/api/v1/redemptions/", body, good | mine, 201),
        (asking, "/api/v1/redemptions/", body, good, 400),
        (asking, "/api/v1/redemptions/", b"{}", good | mine, 422),
        (asking, "/api/v1/redemptions/", body, mine, 401),
        (cancelling, path, b"", good, 200),
    ]
    for operation, target, sent, headers, status in calls:
        response = Client().post(target, sent, content_type="application/json", headers=headers)
        assert response.status_code == status, response.content
        check_answer(document, operation, response)


def test_claiming_answers_as_announced(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/claims/"]["post"]
    good = {"Authorization": f"Bearer {token_for()}"}
    body = json.dumps({"click_id": str(tap().public_id)}).encode()
    calls = [(good, body, 201), (good, b"{", 400), (good, b"{}", 422), ({}, body, 401)]
    for headers, sent, status in calls:
        response = Client().post(
            "/api/v1/claims/", sent, content_type="application/json", headers=headers
        )
        assert response.status_code == status, response.content
        check_answer(document, operation, response)


def check(document: dict[str, Any], schema: Any, value: Any) -> None:
    """Raises: jsonschema's ValidationError."""
    root = strict({"components": {"schemas": document["components"]["schemas"]}} | schema)
    Draft202012Validator(root, format_checker=FormatChecker()).validate(value)


def check_answer(document: dict[str, Any], operation: dict[str, Any], response: Any) -> None:
    """The answer is one that the operation announces, in status, media type and content."""
    announced = operation["responses"][str(response.status_code)]
    content = announced["content"][response.headers["Content-Type"]]
    check(document, content["schema"], json.loads(response.content))
    for name in announced.get("headers", {}):
        assert response.headers[name]


@pytest.fixture
def places() -> dict[str, str]:
    """Something real for each part of a path."""
    tell(observe("tx-1", merchant_name="Northwind", order_total_minor=8000, order_currency="USD"))
    tell(observe("tx-1", minutes=5, status="validated"))
    tell(observe("tx-2"), observe("tx-3", button_order_id=None, merchant_id=None))
    tell(observe("tx-2", minutes=5, status="declined"))
    notices.tell(notices.news(), notices.redemption())
    return {
        "customer_id": MEMBER,
        "merchant_id": MERCHANT,
        "currency": "USD",
        "redemption_id": str(requested(500).public_id),
        "claim_id": str(filed(tap()).public_id),
        "transaction_id": str(Transaction.objects.get(status="validated").public_id),
    }


NOTHING = {
    "transaction_id": "00000000-0000-4000-8000-000000000000",
    "merchant_id": "org-nothing",
    "claim_id": "00000000-0000-7000-8000-000000000000",
    "redemption_id": "00000000-0000-7000-8000-000000000000",
}


def test_every_answer_is_as_announced(
    document: dict[str, Any], places: dict[str, str], button: RequestsMock, settings: Settings
) -> None:
    settings.BUTTON_OFFERS_RATE_LIMIT = 20
    offered(button, brand(MERCHANT, percent(category="Shoes"), fixed("o-2", "2.00", "USD")))
    key, poor = make_key().text, make_key(Scope.REDEMPTIONS_WRITE, name="poor").text

    for path, operation in reads_of(document):
        is_back_end = path.startswith("/api/v1/members/")
        good = {"Authorization": f"Bearer {key if is_back_end else token_for()}"}
        url = path.format(**places)
        calls = [(url, good, 200), (url, {}, 401), (url, good | {"Accept": "text/csv"}, 406)]
        if "cursor" in {each["name"] for each in operation.get("parameters", [])}:
            calls += [(f"{url}?cursor=x", good, 400), (f"{url}?limit=x", good, 422)]
        if "status" in {each["name"] for each in operation.get("parameters", [])}:
            calls += [(f"{url}?status=x", good, 422), (f"{url}?status=declined", good, 200)]
        if path.endswith("_id}/"):
            calls.append((path.format(**places | NOTHING), good, 404))
        if is_back_end:
            calls.append((url, {"Authorization": f"Bearer {poor}"}, 403))
            calls.append((path.format(**places | {"customer_id": "not seen"}), good, 404))
            own = {"{transaction_id}", "{redemption_id}", "{claim_id}"}
            theirs = 404 if own & set(path.split("/")) else 200
            calls.append((path.format(**places | {"customer_id": "unseen"}), good, theirs))
        for target, headers, status in calls:
            response = Client().get(target, headers=headers)
            assert response.status_code == status, (target, response.content)
            check_answer(document, operation, response)
