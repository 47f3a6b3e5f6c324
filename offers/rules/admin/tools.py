"""What rooms above offer on a version's page: «Back-test». They register it in their admin.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from offers.rules.models import RuleVersion


@dataclass(frozen=True, slots=True)
class Tool:
    """A button on the page."""

    label: str
    url: str


ToolOf = Callable[[HttpRequest, RuleVersion], Tool | None]
"""The button for whoever asks, on this version's page; None where there is none."""
_registered: list[ToolOf] = []


def register_tool(tool_of: ToolOf) -> None:
    """Add a button to the page of every version that `tool_of` has one for."""
    if tool_of not in _registered:
        _registered.append(tool_of)


def tools_of(request: HttpRequest, version: RuleVersion) -> list[Tool]:
    found = (tool_of(request, version) for tool_of in _registered)
    return [tool for tool in found if tool is not None]
