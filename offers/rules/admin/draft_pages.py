"""The pages of a draft: where it is edited, and where it is published or proposed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse

from offers.rules import gates
from offers.rules.admin import pages
from offers.rules.admin.forms import DraftForm, initial_of
from offers.rules.admin.publishing import PublishForm
from offers.rules.admin.rules import DRAFTS
from offers.rules.drafting import edit_draft
from offers.rules.models import RuleState, RuleVersion
from offers.rules.promotions import propose_promotion
from offers.rules.publishing import publish
from offers.rules.reviewing import conflicts_of
from offers.rules.shown import examples_panel, for_whom, pays, when
from offers.rules.store import promise_of
from offers.rules.words import budget_text
from rewards_site.kernel import clock
from rewards_site.kernel.admin.base import FastList
from rewards_site.kernel.admin.columns import page_url
from rewards_site.kernel.admin.panels import panels_of

PUBLISHES = "rules.publish_rewardrule"


def url_of(name: str, row: RuleVersion) -> str:
    return reverse(f"admin:rules_ruleversion_{name}", args=[row.pk])


class DraftPages(FastList[RuleVersion]):
    """Adds them below the list of versions."""

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        mine: list[URLPattern | URLResolver] = [
            path(
                f"<int:version_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"rules_ruleversion_{name}",
            )
            for name, view in (("edit", self.edit_view), ("publish", self.publish_view))
        ]
        return mine + super().get_urls()

    def _draft(
        self, request: HttpRequest, version_id: int, permission: str
    ) -> RuleVersion | HttpResponse:
        """The draft; or the way back, where there is none any more. Raises: PermissionDenied."""
        if not (request.user.has_perm(permission) and self.has_view_permission(request)):
            raise PermissionDenied
        row = self.get_object(request, str(version_id))
        if row is None:
            messages.warning(request, "There is no such draft: it was deleted.")
            return HttpResponseRedirect(reverse("admin:rules_rewardrule_changelist"))
        if row.state != RuleState.DRAFT:
            messages.warning(request, f"{row} was {row.state} already and stays as it is.")
            return HttpResponseRedirect(page_url(row))
        return row

    def edit_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """GET shows the draft as it stands, POST writes it anew."""
        row = self._draft(request, version_id, DRAFTS)
        if isinstance(row, HttpResponse):
            return row
        form = DraftForm(request.POST or None, initial=initial_of(row))
        if request.method == "POST" and form.is_valid():
            version = pages.attempt(form, lambda: self._edit(request, row, form))
            if version is not None:
                messages.success(request, f"{version}: the draft says so now.")
                return HttpResponseRedirect(page_url(version))
        context = {
            "title": f"Edit the draft {row}",
            "opts": self.opts,
            "form": form,
            "sections": form.sections(),
            "what_happens": "A draft promises nothing. What was checked of it before, such as a "
            "back-test, counts no more once it is edited.",
            "button": "Keep the draft",
            "back_url": page_url(row),
            "back": "Back, change nothing",
        }
        return pages.page(request, self.admin_site, "admin/rules/draft.html", context)

    @staticmethod
    def _edit(request: HttpRequest, row: RuleVersion, form: DraftForm) -> RuleVersion:
        actor = pages.actor_of(request)
        version = edit_draft(
            version_id=row.pk,
            promise=form.promise(),
            seen_hash=form.cleaned_data["seen_hash"],
            actor=actor,
            reason=form.cleaned_data["reason"],
            at=clock.now(),
        )
        pages.log(actor, version, "Draft edited.")
        return version

    def publish_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """GET shows what it comes to and what is in the way, POST publishes or proposes."""
        row = self._draft(request, version_id, PUBLISHES)
        if isinstance(row, HttpResponse):
            return row
        at = clock.now()
        conflicts = conflicts_of(row, at=at)
        form = PublishForm(request.POST or None, version=row, conflicts=conflicts)
        if request.method == "POST" and form.is_valid():
            done = pages.attempt(form, lambda: self._publish(request, row, form))
            if done is not None:
                messages.success(request, done)
                return HttpResponseRedirect(page_url(row))
        context = {
            "title": f"{'Propose the promotion' if row.is_promotion else 'Publish'} {row}",
            "opts": self.opts,
            "version": row,
            "pays": pays(row),
            "for_whom": for_whom(row),
            "when": when(row),
            "budget": budget_text(promise_of(row)),
            "form": form,
            "unmet": gates.unmet(row),
            "panels": [examples_panel(row, at), *panels_of(request, row)],
            "conflicts": conflicts,
            "button": "Propose it" if row.is_promotion else "Publish now",
            "back_url": page_url(row),
        }
        return pages.page(request, self.admin_site, "admin/rules/publish.html", context)

    @staticmethod
    def _publish(request: HttpRequest, row: RuleVersion, form: PublishForm) -> str:
        actor = pages.actor_of(request)
        asked: dict[str, Any] = {
            "version_id": row.pk,
            "content_hash": form.cleaned_data["content_hash"],
            "acknowledged": form.cleaned_data.get("acknowledged", []),
            "actor": actor,
            "reason": form.cleaned_data["reason"],
            "at": clock.now(),
        }
        if row.is_promotion:
            proposal = propose_promotion(**asked)
            pages.log(actor, row, f"Proposed (proposal {proposal.pk}).")
            return f"Proposal {proposal.pk} waits for a second person; nothing is promised yet."
        version = publish(**asked)
        pages.log(actor, version, "Published.")
        return f"{version} is published and holds from now on, where its window does."
