"""Money out and care in `make demo`: what there is to see, however often it is begun."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from rewards_site import demo_care
from rewards_site.approvals.models import Proposal
from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from rewards_site.demo_people import People
from rewards_site.demo_staff import make_staff, tokens_of
from rewards_site.outward.models import Subscription
from tests.conftest import CommittedDatabase
from tests.journeys.shop import door
from tests.transactions.payouts.paying import use_paypal
from transactions.adjustments.models import Adjustment
from transactions.claims.models import Claim
from transactions.freezes.models import Freeze
from transactions.models import Transaction
from transactions.payouts.models import PayoutBatch
from transactions.payouts.providers import paypal
from transactions.redemptions.models import Redemption

pytestmark = pytest.mark.slow
STAFF = {"ops": "Ops", "finance": "Finance", "support": "Support"}
SECRET = "whsec-care"


@pytest.fixture
def people(committed_db: CommittedDatabase, settings: Settings, tmp_path: Path) -> Iterator[People]:
    """A past of half a year, read; nobody asked for anything yet."""
    settings.BUTTON_WEBHOOK_SECRETS = [SECRET]
    settings.OUTWARD_ALLOW_PRIVATE = True
    settings.REDEMPTION_MINIMUMS = {"USD": 500}
    paypal._TOKENS.clear()
    make_staff({name: (role, "correct horse") for name, role in STAFF.items()})
    with door() as site, _button(site) as sandbox:
        settings.BUTTON_API_KEY = DEFAULT_API_KEY
        settings.BUTTON_API_URL = settings.BUTTON_OFFERS_URL = sandbox.url
        use_paypal(settings, sandbox)
        for command in ("sync_accounts", "sync_merchants", "sync_transactions"):
            call_command(command, stdout=StringIO())
        yield People(
            site=site,
            button=sandbox.url,
            tokens=tokens_of([f"member-{number}" for number in range(1, 9)]),
            receiver="http://127.0.0.1:49151",
            receiver_secrets=str(tmp_path / "secrets.json"),
        )


def _button(site: str) -> Sandbox:
    return running_sandbox(
        seed=20,
        shoppers=8,
        orders_per_minute=0.01,
        history_days=540,
        history_orders=160,
        webhook_url=f"{site}/webhooks/button/",
        webhook_secret=SECRET,
    )


def test_one_of_each_is_there_and_only_once(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        name: getattr(people, name)
        for name in ("site", "button", "tokens", "receiver", "receiver_secrets")
    }
    monkeypatch.setenv("DEMO_CARE", json.dumps(told))

    for _ in "12":
        demo_care.main()

    rows = Redemption.objects.order_by("pk").values_list("status", flat=True)
    assert sorted(rows) == (
        ["approved"] * 4
        + ["cancelled"]
        + ["failed"] * 2
        + ["paid"] * 2
        + ["rejected"]
        + ["requested"] * 5
    )
    assert dict(PayoutBatch.objects.values_list("provider", "status").order_by("-pk")) == {
        "manual-file": "open",
        "paypal": "settled",
    }
    assert PayoutBatch.objects.filter(status="sent").count() == 1
    claims = Claim.objects.values_list("member__customer_id", "verdict", "answered_by", "answer")
    assert set(claims) >= {
        ("member-1", "already_tracked", "facts", "already_tracked"),
        ("member-2", "open", "", ""),
        ("member-3", "open", "ops", "goodwill"),
        ("member-4", "excluded", "facts", "bought_before_tap"),
        ("member-6", "open", "", ""),
    }
    assert len(claims) == 6
    assert [row.amount_minor for row in Adjustment.objects.all()] == [500]
    assert [row.member.customer_id for row in Freeze.objects.all() if row.member] == ["member-7"]
    assert list(Proposal.objects.filter(status="open").values_list("kind", flat=True)) == [
        "approve_redemption"
    ]
    assert sorted(Subscription.objects.values_list("status", flat=True)) == [
        *("active", "active", "off")
    ]
    assert sorted(json.loads(Path(people.receiver_secrets).read_text())) == ["/rewards", "/till"]
    assert Transaction.objects.filter(merchant__name="Wayfarer Stays", is_held=True).exists()
    call_command("verify_ledger", stdout=StringIO())
