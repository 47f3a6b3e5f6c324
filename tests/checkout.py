"""A checkout of the project where somebody keeps a `.env`, and has variables in the shell."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from rewards_site.environment import NAMES

ROOT = Path(__file__).resolve().parents[1]
_CODE = ("accounts_sync", "offers", "rewards_site", "transactions", "templates")
_TESTS = ("__init__.py", "settings.py", "postgres.py")
HOSTILE = {name: f"of-production-{name.lower()}" for name in NAMES} | {
    # What each process refuses to start with, if it reads it.
    "BUSINESS_TIME_ZONE": "Mars/Olympus_Mons",
    "REWARD_DEFAULT_SHARE_BPS": "999999",
}
del HOSTILE["READ_DOT_ENV"]


def hostile_checkout(folder: Path) -> Path:
    """The code copied to `folder`, beside a `.env` that must not be read."""
    for name in _CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests").mkdir()
    for name in _TESTS:
        shutil.copy(ROOT / "tests" / name, folder / "tests" / name)
    shutil.copy(ROOT / "manage.py", folder / "manage.py")
    lines = [f"{name}={value}" for name, value in sorted(HOSTILE.items())]
    (folder / ".env").write_text("\n".join(lines) + "\n")
    return folder


def hostile_shell(*, with_settings: bool = True) -> dict[str, str]:
    """The environment of whoever works in that checkout, who also asks the web through a proxy."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    proxy = "http://127.0.0.1:9"
    kept |= {"http_proxy": proxy, "HTTP_PROXY": proxy, "PYTHONDONTWRITEBYTECODE": "1"}
    return kept | (HOSTILE if with_settings else {})
