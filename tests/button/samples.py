"""Button's own examples, as files. docs: Button's pages; third-party: recorded deliveries."""

import json
from pathlib import Path
from typing import Any

from rewards_site.button.wirejson import JsonObject, parse

_FIXTURES = Path(__file__).parent.parent / "fixtures" / "button"
SAMPLES = sorted((_FIXTURES / "samples").glob("*/*.json"))


def sample(path: Path | str) -> JsonObject:
    if isinstance(path, str):
        path = _FIXTURES / "samples" / path
    value = parse(path.read_bytes())
    assert isinstance(value, JsonObject)
    return value


def vectors(name: str) -> Any:
    return json.loads((_FIXTURES / "vectors" / f"{name}.json").read_text("utf-8"))
