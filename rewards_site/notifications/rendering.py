"""Pure: placeholders in texts: checked when ops write them, filled in once when a member reads.

A text is cut at its own `{names}`; what is filled in is never looked at again, so braces in a
brand's or a member's text stay as they are. Nothing else of Python's format language is known here:
no attribute, no index, no conversion, no format specification.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

_PIECE = re.compile(r"\{\{|\}\}|\{([a-z_]+)\}|[{}]|[^{}]+")


def pieces_of(text: str) -> list[tuple[str, str]]:
    """(literal, "") and ("", placeholder), in order. Raises: ValueError, in a sentence for ops."""
    pieces: list[tuple[str, str]] = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if match[1]:
            pieces.append(("", match[1]))
        elif piece in ("{{", "}}"):
            pieces.append((piece[0], ""))
        elif piece in "{}":
            where = text[match.start() : match.start() + 15]
            raise ValueError(
                f"A brace stands alone at «{where}». A placeholder is a name in braces, such as "
                "{amount}; write {{ or }} for a brace itself."
            )
        else:
            pieces.append((piece, ""))
    return pieces


def objection_to(text: str, *, allowed: Collection[str]) -> str:
    """What is wrong with the placeholders of `text`, in a sentence; empty where nothing is."""
    try:
        named = placeholders_of(text)
    except ValueError as error:
        return str(error)
    unknown = sorted(named - set(allowed))
    if not unknown:
        return ""
    known = ", ".join(f"{{{name}}}" for name in allowed)
    return f"There is no {{{unknown[0]}}} here. There are: {known}."


def placeholders_of(text: str) -> set[str]:
    """Raises: ValueError."""
    return {name for _, name in pieces_of(text) if name}


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders filled in, once; on one line, without control characters."""
    told = "".join(literal or _one_line(values.get(name, "")) for literal, name in pieces_of(text))
    return _one_line(told)


def _one_line(text: str) -> str:
    kept = "".join(" " if unicodedata.category(one) == "Cc" else one for one in text)
    return " ".join(kept.split())
