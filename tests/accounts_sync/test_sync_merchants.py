"""manage.py sync_merchants, as an operator runs it."""

from __future__ import annotations

import json
from io import StringIO
from typing import NoReturn

import pytest
import responses
from django.core.management import CommandError, call_command
from pytest_django import Settings

from offers.models import CatalogRun, MerchantProfile
from tests.offers.brands import BRANDS_URL, answer, listed, wire_brand

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output, and standard error with what the command ends on."""
    out, err = StringIO(), StringIO()
    try:
        call_command("sync_merchants", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()


def test_it_ends_on_one_line_that_says_what_came_of_it(button: responses.RequestsMock) -> None:
    listed(button, wire_brand("org-1"), wire_brand("org-2"), wire_brand("org-3"))
    assert run() == (0, "3 brands listed: 3 new\n", "")
    assert run() == (0, "3 brands listed: nothing changed\n", "")

    listed(button, wire_brand("org-1", name="Other"), wire_brand("org-2"))
    assert run() == (0, "2 brands listed: 1 changed, 1 not listed any more\n", "")
    listed(button, wire_brand("org-3"))
    assert run() == (0, "1 brand listed: 1 listed again, 2 not listed any more\n", "")


def test_a_bad_row_is_told_and_does_not_change_the_exit_status(
    button: responses.RequestsMock,
) -> None:
    listed(button, wire_brand(), {"id": 5})

    status, out, err = run()

    assert (status, out) == (0, "2 brands listed: 1 new, 1 refused\n")
    assert err == "A brand: `id` is not text.\n"


def test_a_button_that_refuses_is_exit_1(button: responses.RequestsMock) -> None:
    refusal = {"meta": {"status": "error"}, "error": {"message": "Invalid api_key"}}
    answer(button, json.dumps(refusal), status=401)

    assert run() == (1, "", "Button refused with 401: Invalid api_key")


def test_a_list_that_lost_most_is_exit_1_and_says_how_to_accept_it(
    button: responses.RequestsMock,
) -> None:
    listed(button, *(wire_brand(f"org-{number:02}") for number in range(20)))
    run()
    listed(button, wire_brand("org-00", name="Other"))

    status, out, err = run()
    assert (status, out) == (1, "1 brand listed: 1 changed\n")
    assert err.startswith("The list lacks 19 of 20 brands")
    assert err.endswith("run manage.py sync_merchants --accept-missing.")

    assert run("--accept-missing") == (0, "1 brand listed: 19 not listed any more\n", "")
    assert MerchantProfile.objects.filter(unlisted_since=None).count() == 1


def test_an_interrupted_run_is_closed_and_says_so(button: responses.RequestsMock) -> None:
    def stop(_request: object) -> NoReturn:
        raise KeyboardInterrupt

    button.add_callback(responses.GET, BRANDS_URL, callback=stop)

    assert run() == (130, "", "Interrupted; what was taken over stays.")
    stopped = CatalogRun.objects.get()
    assert (stopped.status, stopped.error) == ("abandoned", "Stopped from outside.")


def test_without_a_key_it_says_what_to_set(settings: Settings) -> None:
    settings.BUTTON_API_KEY = ""

    status, _out, err = run()

    assert status == 1
    assert err.startswith("BUTTON_API_KEY is not set. Set it in the environment or in .env")
