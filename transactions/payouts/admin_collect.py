"""«Collect»: which approved redemptions wait, and by whom they are to be paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import list_url, page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import ReasonForm
from rewards_site.kernel.admin.text import money_text
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from transactions.payouts import collecting
from transactions.payouts.models import PayoutBatch
from transactions.payouts.providers.registry import providers
from transactions.redemptions.methods import label_of
from transactions.redemptions.models import Redemption
from transactions.redemptions.states import Status

if TYPE_CHECKING:
    from transactions.payouts.admin_batches import PayoutBatchAdmin

Waiting = tuple[str, str, int, int]
"""Currency, method, how many, how much together in minor units."""


def waiting() -> list[Waiting]:
    """Approved redemptions that no batch has."""
    free = Redemption.objects.filter(~collecting.live_items(), status=Status.APPROVED)
    rows = free.order_by("currency", "method").values_list("currency", "method")
    return list(rows.annotate(count=Count("pk"), total=Sum("amount_minor")))


class CollectForm(ReasonForm):
    """Which of those that wait, and by whom."""

    which = forms.ChoiceField(label="Which redemptions")

    def __init__(self, *args: Any, found: list[Waiting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (
                f"{currency}/{method}/{provider.name}",
                f"{count} by {label_of(method)}, {money_text(total, currency)}: {provider.label}",
            )
            for currency, method, count, total in found
            for provider in reversed(providers())
            if provider.pays(method)
        ]
        which = self.fields["which"]
        assert isinstance(which, forms.ChoiceField)
        which.choices = choices
        self.order_fields(["which", "reason"])


def collect_view(page: PayoutBatchAdmin, request: HttpRequest) -> HttpResponse:
    """GET asks which, POST makes the batch."""
    if not request.user.has_perm("payouts.collect_payoutbatch"):
        raise PermissionDenied
    found = waiting()
    if not found:
        messages.info(
            request,
            "No approved redemption waits for a batch. They are approved under «Redemptions».",
        )
        return HttpResponseRedirect(list_url(PayoutBatch))
    form = CollectForm(request.POST or None, found=found)
    if request.method == "POST" and form.is_valid():
        batch = _collected(request, form)
        if batch is not None:
            return HttpResponseRedirect(page_url(batch))
    context = {
        **page.admin_site.each_context(request),
        "title": "Collect a payout batch",
        "opts": page.opts,
        "form": form,
        "what_happens": "Every approved redemption of one currency and method goes into a new "
        "batch. Who is frozen, or whose destination is too new, is left out. Nothing is paid yet.",
        "button": "Collect",
        "back_url": list_url(PayoutBatch),
        "panels": [
            Panel(
                title="Approved, and in no batch",
                headings=["Currency", "Method", "#Redemptions", "#Sum"],
                rows=[
                    [currency, label_of(method), count, money_text(total, currency)]
                    for currency, method, count, total in found
                ],
                empty="Nothing waits.",
            )
        ],
    }
    request.current_app = page.admin_site.name
    return TemplateResponse(request, "admin/service_form.html", context)


def _collected(request: HttpRequest, form: CollectForm) -> PayoutBatch | None:
    assert isinstance(request.user, User)
    currency, method, provider = form.cleaned_data["which"].split("/")
    try:
        done = collecting.collect_batch(
            currency=currency,
            method=method,
            provider=provider,
            actor=request.user,
            reason=form.cleaned_data["reason"],
            at=clock.now(),
        )
    except ServiceError as refusal:
        form.add_error(None, str(refusal))
        return None
    except DatabaseUnavailable:
        form.add_error(None, "The database is busy and nothing was changed. Try again.")
        return None
    amount = money_text(done.batch.total_minor, done.batch.currency)
    messages.success(request, f"Collected {done.batch.item_count} payments, {amount}.")
    for why, count in sorted(done.skipped.items()):
        messages.warning(request, f"Left out {count}: {why}.")
    return done.batch
