"""The list of redemptions, each with its steps; the queue; and reading where the money goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.safestring import SafeString

from rewards_site.kernel import clock
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.attention import COUNTED_MAX, Card, register_card
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel, may_view
from rewards_site.kernel.admin.service import ReasonForm, ServiceAdmin
from rewards_site.kernel.admin.text import EMPTY, label, money_text, utc_text
from rewards_site.kernel.errors import InvalidInput, ServiceError
from rewards_site.members.models import Member
from rewards_site.members.queries import rows_of
from transactions.ledger.models import EntryGroup
from transactions.redemptions.admin.queue import queue_view
from transactions.redemptions.admin.verbs import APPROVE, FAIL, PAY, REJECT
from transactions.redemptions.models import DestinationReveal, Redemption, RedemptionStep
from transactions.redemptions.revealing import reveal_destination
from transactions.redemptions.shown import evidence_panel
from transactions.redemptions.states import OPEN, Status

_REVEAL = "redemptions.reveal_destination"
_TONES = {Status.PAID: "good", Status.REQUESTED: "warn", Status.FAILED: "bad"}


@admin.register(Redemption)
class RedemptionAdmin(ServiceAdmin[Redemption]):
    change_list_template = "admin/list_with_tools.html"
    verbs = (APPROVE, REJECT, PAY, FAIL)
    intro = "Money that members asked for, newest first."
    list_display = (
        *("requested_at", "member", "amount_minor", "method", "destination_masked", "state"),
        "finished_at",
    )
    list_select_related = ("member",)
    list_defer = ("destination_sealed", "destination_digest")
    list_filter = (word_filter("status", [status.value for status in Status]),)
    linked_by = ("member",)
    search_fields = ("=public_id", "=member__customer_id")
    search_help_text = "A whole redemption id or customer id."
    headings: ClassVar[dict[str, str]] = {
        "requested_at": "asked for",
        "approved_at": "approved",
        "finished_at": "ended",
        "destination_masked": "to",
        "via": "asked by",
        "public_id": "id",
    }
    fieldsets = (
        (None, {"fields": ("public_id", "member", "amount_minor", "method", "state")}),
        ("Where to", {"fields": ("destination_masked", "held_until")}),
        ("Times", {"fields": ("requested_at", "approved_at", "finished_at", "via")}),
    )
    when_empty = (
        "Nobody has asked for money yet. Members do by their app: POST /api/v1/redemptions/."
    )

    @admin.display(description="state")
    def state(self, row: Redemption) -> SafeString:
        return label(row.status, tone=_TONES.get(Status(row.status), ""))

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # as its base
        wrap = self.admin_site.admin_view
        mine: list[URLPattern | URLResolver] = [
            path("queue/", wrap(self.queue), name="redemptions_redemption_queue"),
            path(
                "<int:redemption_id>/destination/",
                wrap(self.reveal_view),
                name="redemptions_redemption_destination",
            ),
        ]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        tools = [{"label": "Queue", "url": reverse("admin:redemptions_redemption_queue")}]
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def queue(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        verbs = [verb for verb in (APPROVE, REJECT) if verb in self.allowed_verbs(request)]
        urls = [(verb.label, self.verb_url(verb, []).partition("?")[0]) for verb in verbs]
        return queue_view(request, self.admin_site, urls)

    def confirmation_panels(self, rows: Sequence[Redemption]) -> list[Panel]:
        totals: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        for row in rows:
            totals[row.currency] += row.amount_minor
            counts[row.currency] += 1
        return [
            Panel(
                title="Totals",
                headings=["Currency", "#Redemptions", "#Amount"],
                rows=[
                    [currency, str(counts[currency]), money_text(totals[currency], currency)]
                    for currency in sorted(totals)
                ],
                empty="",
            ),
            Panel(
                title="Redemptions",
                headings=["Asked for", "Member", "#Amount", "Method", "To"],
                rows=[
                    [
                        utc_text(row.requested_at),
                        link(row.member, page_url(row.member)),
                        money_text(row.amount_minor, row.currency),
                        row.method,
                        row.destination_masked,
                    ]
                    for row in rows
                ],
                empty="",
            ),
        ]

    def reveal_view(self, request: HttpRequest, redemption_id: int) -> HttpResponse:
        """GET asks why; POST puts it on record and is the only page that shows it."""
        if not (request.user.has_perm(_REVEAL) and self.has_view_permission(request)):
            raise PermissionDenied
        row = Redemption.objects.filter(pk=redemption_id).first()
        if row is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        destination = None
        if request.method == "POST" and form.is_valid():
            assert isinstance(request.user, User)
            try:
                destination = reveal_destination(
                    redemption_id=row.pk,
                    actor=request.user,
                    reason=form.cleaned_data["reason"],
                    at=clock.now(),
                )
            except InvalidInput as refusal:
                form.add_error("reason", str(refusal))
            except ServiceError as refusal:
                form.add_error(None, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Where the money of {row} goes",
            "opts": self.opts,
            "form": form,
            "row": row,
            "amount": money_text(row.amount_minor, row.currency),
            "destination": destination,
            "back_url": page_url(row),
        }
        request.current_app = self.admin_site.name
        response = TemplateResponse(request, "admin/redemptions/destination.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response


def _row_panels(request: HttpRequest, row: Redemption) -> Iterator[Panel]:
    steps = row.steps.select_related("actor", "approver", "entry_group").order_by("number")
    sees_groups = may_view(request, EntryGroup)
    yield Panel(
        title="Steps",
        headings=["When", "State", "By", "Second", "Why", "Told", "Reference", "Booked by"],
        rows=[_step_cells(step, sees_groups=sees_groups) for step in steps],
        empty="This redemption has no step; that cannot be. Run manage.py verify_ledger.",
    )
    if row.status in OPEN:
        yield evidence_panel([row], at=clock.now())
    if request.user.has_perm(_REVEAL) and row.destination_sealed:
        url = reverse("admin:redemptions_redemption_destination", args=[row.pk])
        yield Panel(
            title="Where to, in full",
            headings=["Encrypted"],
            rows=[[link("Read it: say why, it is put on record", url)]],
            empty="",
        )
    if may_view(request, DestinationReveal):
        read = row.reveals.select_related("actor").order_by("-pk")[:ROWS_MAX]
        yield Panel(
            title="Who read where it goes",
            headings=["When", "Who", "Why"],
            rows=[[utc_text(one.at), str(one.actor), one.reason] for one in read],
            empty="Nobody did.",
        )


def _step_cells(step: RedemptionStep, *, sees_groups: bool) -> list[object]:
    group: object = EMPTY
    if step.entry_group is not None:
        group = link(step.entry_group, page_url(step.entry_group) if sees_groups else "")
    return [
        utc_text(step.at),
        label(step.status),
        str(step.actor or "the member or the provider"),
        str(step.approver or EMPTY),
        step.reason or EMPTY,
        step.told or EMPTY,
        step.reference or EMPTY,
        group,
    ]


def _member_panels(request: HttpRequest, member: Member) -> Iterator[Panel]:
    if not may_view(request, Redemption):
        return
    rows = Redemption.objects.filter(member__in=rows_of(member.pk)).order_by("-pk")
    yield Panel(
        title="Redemptions",
        headings=["Asked for", "#Amount", "Method", "To", "State"],
        rows=[
            [
                link(utc_text(row.requested_at), page_url(row)),
                money_text(row.amount_minor, row.currency),
                row.method,
                row.destination_masked,
                label(row.status),
            ]
            for row in rows[:ROWS_MAX]
        ],
        empty="They never asked for money.",
        more_url=list_url(Redemption, f"member={member.pk}"),
    )


def _waiting() -> Card:
    rows = Redemption.objects.filter(status=Status.REQUESTED)
    return Card(
        title="Redemptions to approve",
        count=bounded_count(rows, most=COUNTED_MAX),
        url=reverse("admin:redemptions_redemption_queue"),
        what_to_do="Look at what speaks against each; approve it or reject it.",
        when_none="What members ask for appears here until it is approved.",
    )


panels.register(Redemption, _row_panels)
panels.register(Member, _member_panels)
register_card("redemptions", _waiting, permission="redemptions.approve_redemption", order=14)
