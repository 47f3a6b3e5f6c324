"""Finance's pages: collect, close, export, send, upload the result; Ops reads."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from rewards_site.button.sandbox.payouts_faults import PayoutFault
from rewards_site.button.sandbox.running import Sandbox
from tests.admin_world import make_staff, said
from tests.factories import balances
from tests.transactions.payouts.paying import attended, collected, given, given_manual, owed, states
from transactions.payouts.models import BatchStep, PayoutBatch, PayoutItem
from transactions.redemptions.methods import MANUAL

pytestmark = pytest.mark.django_db


def page(batch: PayoutBatch) -> str:
    return reverse("admin:payouts_payoutbatch_change", args=[batch.pk])


def do(client: Client, verb: str, row: Any, **told: str) -> Any:
    name = f"admin:payouts_{row._meta.model_name}_do"
    answer = client.post(
        reverse(name, args=[verb]), {"id": row.pk, "reason": "Friday", **told}, follow=True
    )
    assert answer.status_code == 200
    return answer


def finance() -> Client:
    client = Client()
    client.force_login(make_staff("Finance"))
    return client


def test_a_batch_from_collecting_to_settled() -> None:
    for name in ("ann", "bob"):
        owed(name, method=MANUAL)
    client = finance()
    shown = client.get(reverse("admin:payouts_collect")).content.decode()
    assert "2 by Manual, 14.00 USD: A file, paid by people" in shown

    answer = client.post(
        reverse("admin:payouts_collect"),
        {"which": "USD/manual/manual-file", "reason": "Friday"},
        follow=True,
    )
    assert said(answer) == [("success", "Collected 2 payments, 14.00 USD.")]
    batch = PayoutBatch.objects.get()
    assert "Look through its payments, take out what should wait" in answer.content.decode()
    do(client, "remove", PayoutItem.objects.get(redemption__member__customer_id="u-bob"))
    do(client, "close", batch)
    assert "Export the file" not in client.get(page(batch)).content.decode()
    noted = do(client, "send", batch)
    assert "Export its file and pay by it" in noted.content.decode()
    file = client.post(reverse("admin:payouts_export", args=[batch.pk]), {"reason": "bank"})
    assert file["Content-Disposition"] == f'attachment; filename="payout-{batch.public_id}.csv"'
    item_id, amount, currency, destination = file.content.decode().splitlines()[1].split(",")
    assert (amount, currency, destination) == ("7.00", "USD", "ann@example.org")
    shown = client.get(page(batch)).content.decode()
    assert "upload the result" in shown
    assert "do/cancel/" not in shown

    url = reverse("admin:payouts_result", args=[batch.pk])
    told = SimpleUploadedFile("r.csv", f"item_id,outcome,reference\n{item_id},paid,S1\n".encode())
    looked = client.post(url, {"file": told})
    assert "Nothing was booked yet. This is what it would do." in looked.content.decode()
    assert balances("u-ann") == {"redeeming": 700}
    kept = looked.context["form"].fields["looked_at"].initial
    taken = client.post(url, {"looked_at": kept, "reason": "bank"}, follow=True)

    assert said(taken) == [("success", "Taken: 1 paid.")]
    assert states(batch) == {"u-ann": ("paid", "paid"), "u-bob": ("removed", "approved")}
    assert PayoutBatch.objects.get().status == "settled"
    verbs = list(BatchStep.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == [
        *("made", "removed an item", "closed", "given to be sent", "exported"),
        *("result imported", "settled"),
    ]


def test_a_result_with_mistakes_says_where_and_cannot_be_taken() -> None:
    batch = given_manual("ann")
    url = reverse("admin:payouts_result", args=[batch.pk])

    answer = finance().post(
        url, {"file": SimpleUploadedFile("r.csv", b"item_id,outcome\nnobody,paid\n")}
    )

    text = answer.content.decode()
    assert "1 mistakes: nothing of it can be taken" in text
    assert "is no item of this batch" in text
    assert "looked_at" not in text


def test_the_page_says_what_to_do_when_nobody_knows(sandbox: Sandbox) -> None:
    owed("ann")
    batch = given(collected())
    sandbox.payouts.faults.add(PayoutFault.DROP_AFTER)
    attended(batch)
    client = finance()

    text = client.get(page(batch)).content.decode()

    assert "Nobody knows yet whether PayPal Payouts has it." in text
    assert "It answered 1 times" in text
    asked = client.get(reverse("admin:payouts_payoutbatch_do", args=["ask"]) + f"?id={batch.pk}")
    assert "too early to ask" in asked.content.decode()


def test_finance_finds_what_waits_for_a_batch_on_the_landing_page() -> None:
    owed("ann", method=MANUAL)
    owed("bob", method=MANUAL)
    client = finance()

    text = client.get(reverse("admin:index")).content.decode()
    assert '<a href="/admin/payouts/payoutbatch/collect/"' in text
    assert "Collect them into a payout batch." in text
    batch = collected(method=MANUAL, provider="manual-file")
    text = client.get(reverse("admin:index")).content.decode()
    shown = client.get(page(batch)).content.decode()

    assert "Collect them into a payout batch." not in text
    assert f"<h1>Payout batch {batch.public_id}</h1>" in shown


def test_redemption_and_batch_lead_to_each_other() -> None:
    batch = given_manual("ann")
    item = PayoutItem.objects.get()
    client = finance()
    redemption = reverse("admin:redemptions_redemption_change", args=[item.redemption_id])

    assert page(batch) in client.get(redemption).content.decode()
    assert redemption in client.get(page(batch)).content.decode()


def test_ops_reads_and_does_nothing() -> None:
    batch = given_manual("ann")
    client = Client()
    client.force_login(make_staff("Ops", username="olga"))

    assert client.get(page(batch)).status_code == 200
    for url in (
        reverse("admin:payouts_collect"),
        reverse("admin:payouts_export", args=[batch.pk]),
        reverse("admin:payouts_result", args=[batch.pk]),
        reverse("admin:payouts_payoutbatch_do", args=["settle"]),
    ):
        assert client.get(url).status_code == 403
