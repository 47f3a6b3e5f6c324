"""Evidence is shown as it came: nothing lost, nothing run, nothing that breaks the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from rewards_site.kernel.admin.text import (
    broken_into_lines,
    evidence_html,
    json_html,
    label,
    money_text,
    utc_text,
)


def test_times_are_in_utc_and_say_so() -> None:
    in_india = datetime(2026, 3, 5, 19, 33, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    assert utc_text(in_india) == "2026-03-05 14:03:12 UTC"
    assert utc_text(datetime(2026, 3, 5, tzinfo=UTC)) == "2026-03-05 00:00:00 UTC"
    assert utc_text(None) == "—"


def test_money_has_the_digits_of_its_currency() -> None:
    assert money_text(1999, "USD") == "19.99 USD"
    assert money_text(500, "JPY") == "500 JPY"
    assert money_text(-5, "KWD") == "-0.005 KWD"
    assert money_text(7, "XXX") == "7 minor units XXX"
    assert money_text(None, "USD") == "—"


def test_json_is_broken_into_lines_without_being_parsed() -> None:
    raw = '{"amount":1.10,"amount":12345678901234567890123,"lines":[{"a":"x,{\\""},{}],"e":[]}'

    assert broken_into_lines(raw) == (
        '{\n  "amount": 1.10,\n  "amount": 12345678901234567890123,\n  "lines": [\n    {\n'
        '      "a": "x,{\\""\n    },\n    {}\n  ],\n  "e": []\n}'
    )


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_values)
def test_the_lines_say_what_the_text_said(value: object) -> None:
    assert json.loads(broken_into_lines(json.dumps(value))) == value


def test_evidence_cannot_run_in_the_page() -> None:
    shown = evidence_html(b'{"note": "<script>alert(1)</script>"}')

    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_what_utf8_cannot_carry_is_shown_as_escapes() -> None:
    for odd in (b"\xff\xfe not json", "half \ud800 a pair", '{"a": "\ud800"}', "nul \x00"):
        evidence_html(odd).encode("utf-8")

    assert "\\xff\\xfe not json" in evidence_html(b"\xff\xfe not json")
    assert "half \\ud800 a pair" in evidence_html("half \ud800 a pair")
    assert "\x00" not in evidence_html("nul \x00")


def test_json_a_thousand_deep_stays_readable() -> None:
    shown = evidence_html(b"[" * 1000 + b"]" * 1000)

    assert shown.count("[") == 1000
    assert len(shown) < 100_000


def test_evidence_of_a_mebibyte_is_cut_and_says_so() -> None:
    shown = evidence_html(b'"' + b"x" * 1_048_574 + b'"')

    assert "The first 100,000 of 1,048,576 characters." in shown
    assert len(shown) < 101_000


def test_nothing_is_a_dash_and_empty_evidence_says_so() -> None:
    assert json_html({}) == json_html([]) == json_html(None) == "—"
    assert "Empty." in evidence_html(b"")


def test_a_label_says_its_word_and_is_escaped() -> None:
    assert label("validated") == '<span class="label label-good">validated</span>'
    assert label("<b>") == '<span class="label label-quiet">&lt;b&gt;</span>'
