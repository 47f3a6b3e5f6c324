"""What `make demo` has Button tell beside its shoppers."""

from __future__ import annotations

import pytest

from rewards_site.button.sandbox.running import running_sandbox
from rewards_site.demo_story import Story
from tests.button.sandbox.receiver import Receiver

KEY = "sk-story"


@pytest.mark.parametrize("percent", [0, 100])
def test_the_changed_member_arrives_however_many_webhooks_are_lost(percent: int) -> None:
    with (
        Receiver(lambda _: 200) as receiver,
        running_sandbox(
            seed=1,
            api_keys=(KEY,),
            webhook_url=receiver.url,
            webhook_secret="whsec-story",
            lose_webhooks=percent,
        ) as sandbox,
    ):
        Story(url=sandbox.url, api_key=KEY).begin()
        assert sandbox.sender is not None
        sandbox.sender.wait_until_sent()
        told = [one.event["data"] for one in receiver.received]

    changed = [one for one in told if one["publisher_customer_id"] == "member-6"]
    jackets = [line["description"] for one in changed for line in one["order_line_items"]]
    assert jackets.count("Trail running jacket") == 1
