"""A back-test as CSV: all its figures in one long table, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from rewards_site.kernel.currencies import exponent_of
from rewards_site.reports.writers import safe_text

COLUMNS = (
    *("what", "key", "currency", "minor_units", "orders", "changed"),
    *("commission", "reward_now", "reward_then", "difference"),
)


def lines(figures: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[str]:
    """The file, line by line. Amounts in minor units; `names`: member → public id."""
    yield _line(COLUMNS)
    for currency, sums in figures["totals"].items():
        yield _sums("total", "", currency, sums)
    for merchant_id, currency, sums in figures["by_brand"]:
        yield _sums("merchant", merchant_id, currency, sums)
    for day, currency, now, then in figures["by_day"]:
        yield _line(
            ("day", day, currency, exponent_of(currency), "", "", "", now, then, then - now)
        )
    for what, by_currency in (("winner", figures["winners"]), ("loser", figures["losers"])):
        for currency, rows in by_currency.items():
            for difference, member_id in rows:
                key = names.get(member_id, "")
                empty = ("",) * 5
                yield _line((what, key, currency, exponent_of(currency), *empty, difference))


def _sums(what: str, key: str, currency: str, sums: Mapping[str, int]) -> str:
    counts = (sums["orders"], sums["changed"], sums["commission"], sums["now"], sums["then"])
    difference = sums["then"] - sums["now"]
    return _line((what, safe_text(key), currency, exponent_of(currency), *counts, difference))


def _line(cells: tuple[object, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
