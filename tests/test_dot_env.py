"""Whose settings a run has: neither the demo nor the tests ever read those of an installation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import ROOT, hostile_checkout, hostile_shell

_TELL = """
import json, django
from django.conf import settings
django.setup()
print(json.dumps({name: str(getattr(settings, name)) for name in dir(settings) if name.isupper()}))
"""
_TELL_OF_THE_DEMO = f"""
import subprocess, sys
from pathlib import Path
from rewards_site.demo import Demo
demo = Demo(folder=Path(sys.argv[1]))
sys.exit(subprocess.run([sys.executable, "-c", {_TELL!r}], env=demo.environment).returncode)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return hostile_checkout(tmp_path / "checkout")


def run(checkout: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env=hostile_shell(with_settings=more.pop("shell", "") != "clean") | more,
        capture_output=True,
        text=True,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    settings: dict[str, Any] = json.loads(done.stdout)
    assert "of-production" not in done.stdout
    assert settings["BUSINESS_TIME_ZONE"] == "UTC"
    assert settings["ALERT_EMAILS"] == "[]"
    assert settings["ALERT_WEBHOOK_URL"] == settings["MEMBER_JWT_JWKS_URL"] == ""
    assert settings["GO_LIVE_AT"] == "None"
    return settings


def test_the_tests_read_neither_the_file_nor_the_shell(checkout: Path) -> None:
    settings = told(run(checkout, "-c", _TELL, DJANGO_SETTINGS_MODULE="tests.settings"))

    assert settings["BUTTON_API_KEY"] == "sk-test-0123456789abcdef"
    assert "rewards-tests-" in settings["DATABASES"]


def test_the_demo_reads_neither_the_file_nor_the_shell(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"

    settings = told(run(checkout, "-c", _TELL_OF_THE_DEMO, str(folder)))

    assert settings["BUTTON_API_KEY"].startswith("sk-demo-")
    assert settings["BUTTON_API_URL"].startswith("http://127.0.0.1:")
    assert settings["BUTTON_OFFERS_URL"] == settings["BUTTON_API_URL"]
    assert str(folder / "rewards.db") in settings["DATABASES"]
    assert str(folder / "cache") in settings["CACHES"]


@pytest.mark.parametrize("switch", ["off", "no", "0", "False"])
def test_an_installation_reads_it_unless_it_is_switched_off(checkout: Path, switch: str) -> None:
    asked = {"DJANGO_SETTINGS_MODULE": "rewards_site.settings", "shell": "clean"}
    (checkout / ".env").write_text("SECRET_KEY=of-production\nBUTTON_API_KEY=of-production\n")

    read = run(checkout, "-c", _TELL, **asked)
    not_read = run(checkout, "-c", _TELL, READ_DOT_ENV=switch, SECRET_KEY="x", **asked)

    assert json.loads(read.stdout)["BUTTON_API_KEY"] == "of-production"
    assert json.loads(not_read.stdout)["BUTTON_API_KEY"] == ""
    assert str(checkout / "var" / "cache") in json.loads(not_read.stdout)["CACHES"]


def test_the_example_of_the_readme_reads_as_it_is_meant(checkout: Path) -> None:
    """A `#` behind a value would be part of it, such as of the API key."""
    block = re.search(r"write `\.env`.*?```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block
    (checkout / ".env").write_text(re.sub(r"(?m)^ +", "", block[1]))

    done = run(checkout, "-c", _TELL, DJANGO_SETTINGS_MODULE="rewards_site.settings", shell="clean")

    settings = json.loads(done.stdout)
    assert settings["BUTTON_API_KEY"] == "sk-…"
    assert settings["BUTTON_WEBHOOK_SECRETS"] == "['…']"
    assert settings["TRUST_PROXY"] == "True"
    assert "postgresql" in settings["DATABASES"]
