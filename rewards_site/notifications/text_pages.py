"""The admin's pages of texts: all of them as they read, and the one where ops edit one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import urlencode

from rewards_site.kernel import clock
from rewards_site.kernel.admin.base import FastList
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, displayable, utc_text
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import InvalidInput, ServiceError
from rewards_site.notifications.languages import default_language, languages_offered
from rewards_site.notifications.models import (
    BODY_LENGTH_MAX,
    REASON_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    NoticeText,
)
from rewards_site.notifications.queries import latest_version, own_texts
from rewards_site.notifications.rendering import filled
from rewards_site.notifications.services import edit_text, go_back_to_built_in, wrong_words
from rewards_site.notifications.texts import EXAMPLES, TEXTS, TextKey
from rewards_site.notifications.words import built_in, template_of

EDITS = "notifications.edit_noticetext"


class TextForm(forms.Form):
    """Title and body as templates, and why."""

    seen_number = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    title = forms.CharField(required=False, max_length=TITLE_LENGTH_MAX)
    body = forms.CharField(
        required=False,
        label="Text",
        max_length=BODY_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    reason = forms.CharField(
        required=False,
        max_length=REASON_LENGTH_MAX,
        help_text="Kept for ever beside this version, with your name. A preview needs none.",
    )

    def take(self, refusal: ServiceError) -> None:
        """Show a refusal at the fields that it names."""
        told = refusal.fields if isinstance(refusal, InvalidInput) else {}
        for name, sentence in told.items():
            self.add_error(name if name in self.fields else None, sentence)
        if not told:
            self.add_error(None, str(refusal))


class TextPages(FastList[NoticeText]):
    """Adds them to the list of versions."""

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        view = self.admin_site.admin_view
        mine: list[URLPattern | URLResolver] = [
            path("all/", view(self.all_view), name="notifications_noticetext_all"),
            path(
                "edit/<str:kind>/<slug:language>/",
                view(self.edit_view),
                name="notifications_noticetext_edit",
            ),
        ]
        return mine + super().get_urls()

    def all_view(self, request: HttpRequest) -> HttpResponse:
        """Every text in one language, with examples filled in."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        offered = dict(languages_offered())
        language = request.GET.get("language", default_language())
        if language not in offered:
            language = default_language()
        own = own_texts([language])
        may_edit = request.user.has_perm(EDITS)
        rows = []
        for key, text in TEXTS.items():
            title, body = template_of(key, language=language, own=own)
            version = own.get((key.value, language))
            name = link(key.value, _edit_url(key, language)) if may_edit else key.value
            rows.append([name, text.when, _shown(title), _shown(body), _whose(version, title)])
        panel = Panel(
            title=f"In {offered[language]}",
            headings=["Text", "When a member reads it", "Title", "As it reads", "Whose words"],
            rows=rows,
            empty="",
            note="With examples filled in. Where a language has no words, members read the next "
            "language that they ask for, and English at last.",
        )
        context = {
            "title": "All texts of notices",
            "panels": [panel],
            "languages": sorted(offered.items(), key=lambda pair: pair[1]),
            "language": language,
        }
        return self._page(request, "admin/notices/all_texts.html", context)

    def edit_view(self, request: HttpRequest, kind: str, language: str) -> HttpResponse:
        """GET shows the text, POST previews it, keeps it, or goes back to the built-in words."""
        if not (request.user.has_perm(EDITS) and self.has_view_permission(request)):
            raise PermissionDenied
        if kind not in set(TextKey) or language not in dict(languages_offered()):
            raise Http404("There is no such text.")
        key = TextKey(kind)
        form = TextForm(request.POST or None, initial=_initial(key, language))
        preview: list[str] = []
        if request.method == "POST" and form.is_valid():
            if "preview" in request.POST:
                preview = _preview(key, form)
            elif self._write(request, key, language, form):
                return HttpResponseRedirect(_all_url(language))
        version = latest_version(key, language)
        standing = built_in(key, language=language)
        context = {
            "title": f"{key.value} in {dict(languages_offered())[language]}",
            "form": form,
            "when": TEXTS[key].when,
            "placeholders": [_described(key, name) for name in TEXTS[key].placeholders],
            "preview": preview,
            "built_in": standing if all(standing) else built_in(key, language=default_language()),
            "is_own": version is not None and not version.is_built_in,
            "version": version,
            "version_url": page_url(version) if version is not None else "",
            "back_url": _all_url(language),
        }
        return self._page(request, "admin/notices/edit_text.html", context)

    def _write(self, request: HttpRequest, key: TextKey, language: str, form: TextForm) -> bool:
        actor = request.user
        assert isinstance(actor, User)
        told = form.cleaned_data
        common: dict[str, Any] = {
            "key": key,
            "language": language,
            "seen_number": told["seen_number"],
            "actor": actor,
            "reason": told["reason"],
            "at": clock.now(),
        }
        try:
            if "built_in" in request.POST:
                version = go_back_to_built_in(**common)
            else:
                version = edit_text(title=told["title"], body=told["body"], **common)
        except ServiceError as refusal:
            form.take(refusal)
            return False
        except DatabaseUnavailable:
            form.add_error(None, "The database is busy and nothing was changed. Try again.")
            return False
        what = "the built-in words hold" if version.is_built_in else "members read it"
        messages.success(request, f"{version}: {what} from now on.")
        return True

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "subtitle": None}
        return TemplateResponse(request, template, frame | context)


def _edit_url(key: TextKey, language: str) -> str:
    return reverse("admin:notifications_noticetext_edit", args=[key.value, language])


def _all_url(language: str) -> str:
    address = reverse("admin:notifications_noticetext_all")
    return f"{address}?{urlencode({'language': language})}"


def _initial(key: TextKey, language: str) -> dict[str, Any]:
    version = latest_version(key, language)
    title, body = template_of(key, language=language, own=own_texts([language]))
    number = version.number if version is not None else 0
    return {"title": title, "body": body, "seen_number": number}


def _preview(key: TextKey, form: TextForm) -> list[str]:
    title, body = (" ".join(form.cleaned_data[name].split()) for name in ("title", "body"))
    wrong = wrong_words(key, title=title, body=body)
    for name, sentence in wrong.items():
        form.add_error(name, sentence)
    return [] if wrong else [_shown(title), _shown(body)]


def _shown(template: str) -> str:
    return displayable(filled(template, EXAMPLES)) if template else EMPTY


def _whose(version: NoticeText | None, title: str) -> Any:
    if version is not None and not version.is_built_in:
        words = f"{version.actor}, {utc_text(version.changed_at)}"
        return link(words, page_url(version))
    return "built in" if title else "not translated"


def _described(key: TextKey, name: str) -> tuple[str, str, bool]:
    """A placeholder, an example of what it becomes, and whether the text needs it."""
    return f"{{{name}}}", EXAMPLES[name], name in TEXTS[key].needed
