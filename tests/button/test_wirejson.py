from decimal import Decimal
from typing import Any

import pytest

from rewards_site.button.wirejson import JsonObject, NotJson, parse


def parse_object(body: bytes) -> JsonObject:
    value = parse(body)
    assert isinstance(value, JsonObject)
    return value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{} x",
        b"{'a': 1}",
        b"[1,]",
        b"NaN",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": [-Infinity]}',
        b'{"a": 01}',
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\x00"}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        '{"a": 1}'.encode("utf-32"),
        b"[" * 100_000,
        b"]" * 100_000,
        b"[" * 101 + b"}" * 101,
        b'"' + b'\\"' * 200_000,
        b"[" * 101 + b'"' + b'\\"' * 200_000,
    ],
)
def test_what_is_not_json_is_refused_in_one_sentence(body: bytes) -> None:
    with pytest.raises(NotJson) as refusal:
        parse(body)

    sentence = str(refusal.value)
    assert sentence.startswith("The body is not ")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_byte_order_mark_is_let_pass() -> None:
    assert parse(b'\xef\xbb\xbf{"a": "\xc3\xa9"}') == {"a": "é"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-0", 0),
        ("9223372036854775808", 2**63),
        ("1" * 40, int("1" * 40)),
        ("1" * 41, Decimal("1" * 41)),
        ("1" * 5000, Decimal("1" * 5000)),
        ("1.0", Decimal("1.0")),
        ("0.1", Decimal("0.1")),
        ("1e2", Decimal("1e2")),
        ("1e400", Decimal("1e400")),
        ("1e99999999999999999999", Decimal("Infinity")),
        ("-1e99999999999999999999", Decimal("-Infinity")),
        ("1e-99999999999999999999", Decimal(0)),
        ("true", True),
        ("null", None),
    ],
)
def test_numbers_are_exact_and_no_fraction_is_an_int(text: str, value: object) -> None:
    told = parse(text.encode())

    assert told == value
    assert type(told) is type(value)


@pytest.mark.parametrize("depth", [99, 100, 101, 150, 201, 1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"x":', "}")])
def test_an_unknown_field_of_any_depth_leaves_its_neighbours_readable(
    depth: int, opening: str, closing: str
) -> None:
    deep = opening * depth + "7" + closing * depth

    told = parse_object(f'{{"id": "tx-1", "deep": {deep}, "amount": 587}}'.encode())

    assert (told["id"], told["amount"]) == ("tx-1", 587)
    inside: Any = told["deep"]
    levels = 1
    while isinstance(inside, list | dict):
        inside = inside["x"] if isinstance(inside, dict) else inside[0]
        levels += 1
    assert (levels, inside) == ((depth + 1, 7) if depth < 100 else (100, None))


def test_brackets_in_text_are_no_nesting() -> None:
    text = "[{" * 500 + '\\"' + "[" * 500

    assert parse_object(f'{{"a": "{text}", "b": [1]}}'.encode()) == {
        "a": text.replace('\\"', '"'),
        "b": [1],
    }


@pytest.mark.parametrize("depth", [99, 100, 101, 300])
@pytest.mark.parametrize("text", ["", "]", "[", "}{", '\\"', "\\\\", "\\u005d", "é]"])
def test_depth_is_told_whatever_stands_in_the_text_beside_it(depth: int, text: str) -> None:
    deep = f'["{text}", ' * depth + "7" + f', "{text}"]' * depth

    inside: Any = parse_object(f'{{"a": {deep}, "b": [[1]]}}'.encode())["a"]

    levels = 1
    while isinstance(inside, list):
        inside = inside[1]
        levels += 1
    assert (levels, inside) == ((depth + 1, 7) if depth < 100 else (100, None))


def test_what_is_nested_too_deep_must_be_json_all_the_same() -> None:
    with pytest.raises(NotJson):
        parse(b'{"a": ' + b"[" * 300 + b"oops" + b"]" * 300 + b"}")
    with pytest.raises(NotJson):
        parse(b'{"a": ' + b"[" * 300 + b"]" * 299 + b"}" + b"}")


def test_many_deep_fields_beside_each_other() -> None:
    deep = "[" * 250 + "]" * 250

    told = parse_object(f'{{"a": {deep}, "b": 1, "c": {deep}, "d": [{deep}, 2]}}'.encode())

    assert told["b"] == 1
    assert told["d"][1] == 2


@pytest.mark.parametrize(
    ("body", "conflicting"),
    [
        ('{"a": 1, "b": 2}', set()),
        ('{"a": 1, "a": 1}', set()),
        ('{"a": 1, "a": 2}', {"a"}),
        ('{"a": 1, "a": true}', {"a"}),
        ('{"a": 1, "a": 1.0}', {"a"}),
        ('{"a": 1.0, "a": 1.00}', set()),
        ('{"a": 1, "a": 2, "a": 1}', {"a"}),
        ('{"a": null, "a": ""}', {"a"}),
        ('{"a": [1, {"x": 2}], "a": [1, {"x": 2}]}', set()),
        ('{"a": [1, {"x": 2}], "a": [1, {"x": true}]}', {"a"}),
        ('{"a": {"x": 1}, "a": {"y": 1}}', {"a"}),
        ('{"a": [1], "a": [1, 1]}', {"a"}),
        ('{"\\u0061": 1, "a": 2}', {"a"}),
    ],
)
def test_keys_told_twice_with_different_values_are_named(body: str, conflicting: set[str]) -> None:
    assert parse_object(body.encode()).conflicting_keys == conflicting


def test_the_last_of_two_wins_and_only_its_own_object_is_in_conflict() -> None:
    told = parse_object(b'{"a": 1, "inner": {"b": 1, "b": 2}, "a": 3}')

    assert told["a"] == 3
    assert told.conflicting_keys == {"a"}
    assert told["inner"].conflicting_keys == {"b"}
    assert told["inner"]["b"] == 2


def test_half_surrogates_and_nul_are_kept_for_whoever_reads_the_field() -> None:
    assert parse(b'{"a": "\\ud83d", "b": "x\\u0000y"}') == {"a": "\ud83d", "b": "x\x00y"}
