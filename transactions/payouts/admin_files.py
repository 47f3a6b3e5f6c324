"""Files of a batch: the one that goes out, and the result that comes back, looked at first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import ReasonForm
from rewards_site.kernel.admin.text import displayable, money_text
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from transactions.payouts import batches, exporting, importing, result_file
from transactions.payouts.importing import Preview
from transactions.payouts.models import PayoutBatch
from transactions.payouts.providers.manual_file import NAME as MANUAL_FILE
from transactions.payouts.states import BatchStatus

if TYPE_CHECKING:
    from transactions.payouts.admin_batches import PayoutBatchAdmin

EXPORT, RECORD = "payouts.export_payoutbatch", "payouts.record_payoutbatch"
_BUSY = "The database is busy and nothing was changed. Try again."
_KEPT_SECONDS = 3600
_MISTAKES_SHOWN = 200


def tools(user: AbstractBaseUser | AnonymousUser, batch: PayoutBatch) -> list[dict[str, str]]:
    """The buttons that stand on a batch's page beside its verbs."""
    assert isinstance(user, User)
    found = []
    if batch.provider != MANUAL_FILE:
        return []
    has_file = batch.status in (BatchStatus.SENT, BatchStatus.SETTLED)
    if has_file and user.has_perm(EXPORT):
        url = reverse("admin:payouts_export", args=[batch.pk])
        found.append({"label": "Export the file", "url": url})
    if has_file and batches.was_exported(batch) and user.has_perm(RECORD):
        url = reverse("admin:payouts_result", args=[batch.pk])
        found.append({"label": "Upload the result", "url": url})
    return found


class ResultForm(forms.Form):
    """The file; nothing is done with it but looking."""

    file = forms.FileField(
        label="Result",
        help_text="CSV with the columns item_id, outcome (paid or failed), reference, reason; the "
        "exported file with these columns added does, too.",
    )


def export_view(page: PayoutBatchAdmin, request: HttpRequest, key: int) -> HttpResponse:
    """GET asks why, POST answers with the file."""
    if not request.user.has_perm(EXPORT):
        raise PermissionDenied
    batch = _batch(key)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            done = exporting.export_batch(
                batch_id=batch.pk,
                actor=request.user,
                reason=form.cleaned_data["reason"],
                at=clock.now(),
            )
        except ServiceError as refusal:
            form.add_error(None, str(refusal))
        except DatabaseUnavailable:
            form.add_error(None, _BUSY)
        else:
            answer = HttpResponse(done.content, content_type="text/csv; charset=utf-8")
            answer["Content-Disposition"] = f'attachment; filename="{done.name}"'
            answer["Cache-Control"] = "no-store"
            return answer
    return _form(
        page,
        request,
        batch,
        form=form,
        title="Export the file of a payout batch",
        button="Download",
        what_happens=f"{batch.item_count} payments, "
        f"{money_text(batch.total_minor, batch.currency)}, with the destinations in clear. That "
        "you took it, and why, is kept for ever. The file is the same each time. Pay by it once: "
        "from now on the batch cannot be cancelled.",
    )


def result_view(page: PayoutBatchAdmin, request: HttpRequest, key: int) -> HttpResponse:
    """An upload is looked at; what was looked at is taken by a second click, with a reason."""
    if not request.user.has_perm(RECORD):
        raise PermissionDenied
    batch = _batch(key)
    if request.method == "POST" and "looked_at" in request.POST:
        return _take(page, request, batch)
    form = ResultForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(result_file.BYTES_MAX + 1)
        try:
            preview = importing.preview_result(batch_id=batch.pk, content=content)
        except ServiceError as refusal:
            form.add_error("file", str(refusal))
        else:
            kept = ""
            if not preview.mistakes:
                kept = uuid4().hex
                told = result_file.told(result_file.read(content).lines)
                cache.set(_key(batch, kept), told, _KEPT_SECONDS)
            return _shown(page, request, batch, preview, kept=kept, form=ReasonForm())
    return _form(
        page,
        request,
        batch,
        form=form,
        title="Upload the result of a payout batch",
        button="Look at it",
        what_happens="Nothing is booked yet: the next page shows what it would do.",
    )


def _take(page: PayoutBatchAdmin, request: HttpRequest, batch: PayoutBatch) -> HttpResponse:
    assert isinstance(request.user, User)
    kept = request.POST["looked_at"]
    content = cache.get(_key(batch, kept)) if kept.isalnum() and len(kept) == 32 else None
    if content is None:
        messages.error(request, "It was looked at more than an hour ago: upload it again.")
        return HttpResponseRedirect(reverse("admin:payouts_result", args=[batch.pk]))
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            done = importing.import_result(
                batch_id=batch.pk,
                content=content,
                actor=request.user,
                reason=form.cleaned_data["reason"],
                at=clock.now(),
            )
        except ServiceError as refusal:
            form.add_error(None, str(refusal))
        except DatabaseUnavailable:
            form.add_error(None, _BUSY)
        else:
            said = "This result was taken before: nothing was changed."
            if not done.is_known:
                counts = ", ".join(f"{count} {word}" for word, count in sorted(done.counts.items()))
                said = f"Taken: {counts}."
            messages.success(request, said)
            return HttpResponseRedirect(page_url(batch))
    preview = importing.preview_result(batch_id=batch.pk, content=content)
    return _shown(page, request, batch, preview, kept=kept, form=form)


def _shown(
    page: PayoutBatchAdmin,
    request: HttpRequest,
    batch: PayoutBatch,
    preview: Preview,
    *,
    kept: str,
    form: forms.Form,
) -> HttpResponse:
    if kept:
        form.fields["looked_at"] = forms.CharField(widget=forms.HiddenInput, initial=kept)
    what = "Nothing was booked yet. This is what it would do."
    if preview.is_known:
        what = "This result was taken before: taking it again changes nothing."
    if preview.mistakes:
        what = f"{len(preview.mistakes)} mistakes: nothing of it can be taken. Mend and upload it."
    return _form(
        page,
        request,
        batch,
        form=form if kept else ResultForm(),
        title="The result of a payout batch",
        button="Take it" if kept else "Look at it",
        what_happens=what,
        panels=_preview_panels(batch, preview),
    )


def _preview_panels(batch: PayoutBatch, preview: Preview) -> list[Panel]:
    shown = [
        Panel(
            title="Mistakes",
            headings=["#Line", "Field", "What"],
            rows=[
                [mistake.line, mistake.field, displayable(mistake.what)]
                for mistake in preview.mistakes[:_MISTAKES_SHOWN]
            ],
            empty="None.",
        )
    ]
    return [
        *(shown if preview.mistakes else []),
        Panel(
            title="What would become of its payments",
            headings=["Becomes", "#Payments", "#Sum"],
            rows=[
                [word, count, money_text(preview.sums_minor[word], batch.currency)]
                for word, count in sorted(preview.counts.items())
            ],
            empty="Nothing.",
            note=f"Of {preview.left_count} payments nobody would have told then.",
        ),
    ]


def _form(
    page: PayoutBatchAdmin,
    request: HttpRequest,
    batch: PayoutBatch,
    *,
    form: forms.Form,
    **told: Any,
) -> HttpResponse:
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "form": form,
        "back_url": page_url(batch),
        **told,
    }
    request.current_app = page.admin_site.name
    return TemplateResponse(request, "admin/service_form.html", context)


def _batch(key: int) -> PayoutBatch:
    batch = PayoutBatch.objects.filter(pk=key).first() if key < 2**63 else None
    if batch is None:
        raise Http404
    return batch


def _key(batch: PayoutBatch, kept: str) -> str:
    return f"payout-result-{batch.pk}-{kept}"
