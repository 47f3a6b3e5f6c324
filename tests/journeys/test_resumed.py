"""A run that goes on with the window of a dead one reads on, up to what there is by now."""

from __future__ import annotations

from datetime import timedelta

from django.core.management import call_command
from pytest_django import Settings

from accounts_sync.accounts import sync_accounts
from accounts_sync.models import RunStatus, Watermark
from accounts_sync.pull import pull_transactions
from rewards_site.button.client import ButtonClient
from tests.journeys.books import member_balances
from tests.journeys.button import Button, served
from tests.life_cycles import LONGEST, START, expected_balances, stories


def test_the_command_does_not_end_with_the_window_of_a_dead_run(
    db: None, settings: Settings
) -> None:
    told = [story for story in stories(60, seed=1) if story.currency == "USD"]
    button = Button(told, at=START + timedelta(days=2), api_key="sk-1", page_rows_max=4)
    with served(button):
        settings.BUTTON_API_KEY, settings.BUTTON_API_URL = "sk-1", button.url
        client = ButtonClient(api_key="sk-1", base_url=button.url)
        sync_accounts(client=client, at=button.at)
        cut = pull_transactions(
            account_id="acc-usd", client=client, at=button.at, stop_at=button.at
        )
        assert (cut.status, cut.page_count) == (RunStatus.PAUSED, 1)
        button.at = START + LONGEST  # days later: orders were adjusted, cancelled, validated

        call_command("sync_transactions")

    assert Watermark.objects.get().through == button.at
    assert member_balances() == expected_balances(told)
