"""Environment variables: each is documented, and a wrong one is told by name, not guessed at."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from rewards_site import environment
from rewards_site.environment import NAMES
from rewards_site.health import watch

ROOT = Path(__file__).resolve().parents[1]
READERS = {"texts", "instant", "choice", "amounts", "whole", "switch", "is_set"}
CODE = ("rewards_site", "offers", "transactions", "accounts_sync")
NOT_SETTINGS = {
    *("DJANGO_SETTINGS_MODULE", "Q_CLUSTER_NAME"),
    *("DEMO_MEMBERS", "DEMO_SHOPPERS", "DEMO_STAFF"),
    "DEMO_CARE",
    "DEMO_RECEIVER",
}
"""Told by one process of ours to another."""


def read_by_the_code() -> set[str]:
    """First arguments of whatever reads the environment, as they stand in the code."""
    names = {watch.SWITCH}
    for path in (path for package in CODE for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            source = told = None
            if isinstance(node, ast.Call) and node.args:
                source, told = ast.unparse(node.func), node.args[0]
            elif isinstance(node, ast.Subscript):
                source, told = ast.unparse(node.value), node.slice
            is_read = source in READERS or re.match(r"(os\.)?env(iron)?(\.|$)", source or "")
            if is_read and isinstance(told, ast.Constant):
                names |= set(re.findall(r"^[A-Z][A-Z_]+$", str(told.value)))
    return names - NOT_SETTINGS


def documented() -> set[str]:
    text = (ROOT / "docs" / "operations.md").read_text()
    table = text.partition("\n## Settings\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}


def test_every_variable_is_in_the_docs_and_the_docs_name_no_other() -> None:
    assert read_by_the_code() == NAMES
    assert documented() == NAMES


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        *[(text, True) for text in ("on", "ON", "true", "True", "yes", "y", "1", " on ")],
        *[(text, False) for text in ("off", "OFF", "false", "no", "n", "0")],
        *[("", True), ("  ", True), (None, True)],
    ],
)
def test_on_and_off(monkeypatch: pytest.MonkeyPatch, told: str | None, meant: bool) -> None:
    monkeypatch.delenv("TRUST_PROXY", raising=False)
    if told is not None:
        monkeypatch.setenv("TRUST_PROXY", told)

    assert environment.switch("TRUST_PROXY", default=True) is meant


@pytest.mark.parametrize("told", ["onn", "enabled", "2", "none", "off;"])
def test_what_is_neither_on_nor_off_is_refused(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("STAFF_OTP_REQUIRED", told)

    with pytest.raises(ImproperlyConfigured, match=r"STAFF_OTP_REQUIRED=.* neither on nor off"):
        environment.switch("STAFF_OTP_REQUIRED", default=False)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("many", "is not a whole number"),
        ("5.5", "is not a whole number"),
        ("0", "=0 is not between 1 and 10"),
        ("11", "=11 is not between 1 and 10"),
    ],
)
def test_a_number_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, told: str, words: str
) -> None:
    monkeypatch.setenv("BUTTON_OFFERS_RATE_LIMIT", told)

    with pytest.raises(ImproperlyConfigured, match=f"^BUTTON_OFFERS_RATE_LIMIT.*{words}"):
        environment.whole("BUTTON_OFFERS_RATE_LIMIT", 5, least=1, most=10)


def test_a_blank_number_or_choice_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SYNC_PEAK_MINUTES", "ATTRIBUTION_FIELD"):
        monkeypatch.setenv(name, "")

    assert environment.whole("SYNC_PEAK_MINUTES", 5, least=1, most=10) == 5
    assert environment.choice("ATTRIBUTION_FIELD", "either", {"either", "pub_ref"}) == "either"
    assert not environment.is_set("ATTRIBUTION_FIELD")


def test_short_keys_are_refused_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAL_KEYS", f" {'a' * 32} ,, {'b' * 33}")
    assert environment.texts("SEAL_KEYS", least=32) == ["a" * 32, "b" * 33]

    monkeypatch.setenv("SEAL_KEYS", f"{'a' * 32},{'b' * 31}")
    with pytest.raises(ImproperlyConfigured, match=r"^SEAL_KEYS: .* 32 characters") as refusal:
        environment.texts("SEAL_KEYS", least=32)
    assert "aaa" not in str(refusal.value)
    assert "bbb" not in str(refusal.value)


@pytest.mark.parametrize(
    ("told", "meant"),
    [(None, {"USD": 500}), ("USD=700, JPY=80", {"USD": 700, "JPY": 80}), ("", {})],
)
def test_amounts(monkeypatch: pytest.MonkeyPatch, told: str | None, meant: Any) -> None:
    monkeypatch.delenv("REDEMPTION_MINIMUMS", raising=False)
    if told is not None:
        monkeypatch.setenv("REDEMPTION_MINIMUMS", told)

    assert environment.amounts("REDEMPTION_MINIMUMS", "USD=500") == meant


@pytest.mark.parametrize("told", ["USD", "USD=5.00", "usd=5", "USD=-1"])
def test_amounts_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("REDEMPTION_MINIMUMS", told)

    with pytest.raises(ImproperlyConfigured, match=r"REDEMPTION_MINIMUMS: .* is not a currency"):
        environment.amounts("REDEMPTION_MINIMUMS", "USD=500")
