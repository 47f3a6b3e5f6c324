"""The OpenAPI documents embedded in Button's reference pages, as two third parties kept them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

FOLDER = Path(__file__).parents[2] / "fixtures" / "button" / "openapi"
PROFILES = {
    "button": "profile-button/button-{}-api-openapi.json",
    "usebutton": "profile-usebutton/usebutton-{}-openapi.yml",
}
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
# One profile's billing document refers to shared responses that were not kept: their schemas were.
_LOST_RESPONSES = {
    "AccountsOK": "AccountsResponse",
    "TransactionsByAccountOK": "TransactionsResponse",
    "TransactionsAllOK": "TransactionsResponse",
}

formats = FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    if not isinstance(value, str):
        return True  # what it should be instead, `type` says
    return bool(_INSTANT.fullmatch(value) and datetime.fromisoformat(value))


class Document:
    """One API of one profile, OpenAPI 3.1: its schemas are JSON Schema 2020-12."""

    def __init__(self, profile: str, api: str) -> None:
        path = FOLDER / PROFILES[profile].format(api)
        text = path.read_text("utf-8")
        self._document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        (server,) = self._document["servers"]
        self._base = re.sub(r"https://[^/]+", "", server["url"]).rstrip("/")

    @property
    def version(self) -> str:
        return str(self._document["openapi"])

    def operations(self) -> Iterator[tuple[str, str, int]]:
        """Method, whole path and status of every documented answer."""
        for path, item in self._document["paths"].items():
            for method in ("get", "post"):
                for status in item.get(method, {}).get("responses", {}):
                    yield method.upper(), self._base + path, int(status)

    def schema(self, method: str, path: str, status: int) -> dict[str, Any] | None:
        """None: documented by an example only."""
        operation = self._document["paths"][path.removeprefix(self._base)][method.lower()]
        answer = operation["responses"][str(status)]
        if "$ref" in answer:
            name = answer["$ref"].rpartition("/")[2]
            kept = self._document["components"].get("responses", {}).get(name)
            if kept is None:
                return {"$ref": f"#/components/schemas/{_LOST_RESPONSES[name]}"}
            answer = kept
        schema: dict[str, Any] | None = answer["content"]["application/json"].get("schema")
        return schema

    def problems(self, schema: dict[str, Any], body: Any) -> list[str]:
        """What contradicts the schema: `$.object.subdomain: None is not of type 'string'`."""
        root = {**schema, "components": self._document["components"]}
        found = Draft202012Validator(root, format_checker=formats).iter_errors(body)
        return sorted(f"{error.json_path}: {error.message}" for error in found)

    def missing(self, schema: dict[str, Any], body: Any, *, at: str = "$") -> set[str]:
        """Documented fields that an answer does not have: the schemas themselves ask for few."""
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        gone: set[str] = set()
        if isinstance(body, dict):
            for name, inner in schema.get("properties", {}).items():
                if name not in body:
                    gone.add(f"{at}.{name}")
                else:
                    gone |= self.missing(inner, body[name], at=f"{at}.{name}")
        elif isinstance(body, list) and "items" in schema:
            for row in body:
                gone |= self.missing(schema["items"], row, at=f"{at}[]")
        return gone
