"""What the rooms above say about rules: may a version be published, how much is spent of a budget.

They register themselves when they start; here nobody knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from offers.rules.models import RuleVersion

BudgetUsed = Callable[[Mapping[str, str]], Mapping[str, int]]
"""{rule's public id: currency} → how much of that currency the rule has promised so far, over all
its versions, in minor units; a rule without any may be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One thing that a version needs before it may be published."""

    objection: Callable[[RuleVersion], str]
    """Empty, or a sentence that says what is missing. Asked again with the version's row locked."""
    way_out: Callable[[RuleVersion], str] = lambda _version: ""
    """The address of the page where what is missing can be done; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A gate that is shut, and where to open it."""

    sentence: str
    url: str


_gates: dict[str, Gate] = {}
_budget_used: dict[str, BudgetUsed] = {}


def register_gate(name: str, gate: Gate) -> None:
    """Have no version published that `gate` objects to. The same name again takes its place."""
    _gates[name] = gate


def unregister_gate(name: str) -> Gate | None:
    """Take a gate away; what it was, to be put back."""
    return _gates.pop(name, None)


def gate_names() -> list[str]:
    return sorted(_gates)


def unmet(version: RuleVersion) -> list[Unmet]:
    """What `version` lacks, by the names of the gates; nothing: it may be published."""
    found = []
    for name in sorted(_gates):
        sentence = _gates[name].objection(version)
        if sentence:
            found.append(Unmet(sentence=sentence, url=_gates[name].way_out(version)))
    return found


def register_budget_used(used: BudgetUsed) -> None:
    """Have `used` say how much of promotions' budgets is spent. One room does; the last one."""
    _budget_used["used"] = used


def budget_used(wanted: Mapping[str, str]) -> Mapping[str, int]:
    """How much the rules of `wanted` have promised so far; nobody asked where it is empty."""
    used = _budget_used.get("used")
    return used(wanted) if used is not None and wanted else {}
