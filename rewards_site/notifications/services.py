"""Writes of notices beside announce(): the read marker, and ops' own texts."""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Least

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput
from rewards_site.kernel.money import BIGINT_MAX
from rewards_site.notifications.languages import languages_offered
from rewards_site.notifications.models import (
    BODY_LENGTH_MAX,
    REASON_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    NoticeCount,
    NoticeText,
)
from rewards_site.notifications.queries import ReadMarker, latest_version, marker_of
from rewards_site.notifications.rendering import objection_to, placeholders_of
from rewards_site.notifications.texts import TEXTS, TextKey

log = logging.getLogger(__name__)

_CHANGED_MEANWHILE = "Somebody changed this text meanwhile: look at it again, then decide."


def mark_read(member_id: int, *, up_to: int) -> ReadMarker:
    """Move the member's read marker forward to `up_to`, and never past the newest notice.

    One conditional UPDATE, so that whichever call comes last, the furthest holds.
    """
    place = Least(F("item_count"), min(up_to, BIGINT_MAX))
    rows = NoticeCount.objects.filter(pk=member_id, read_up_to__lt=place)
    rows.update(read_up_to=place)
    return marker_of(member_id)


def edit_text(
    *,
    key: TextKey,
    language: str,
    title: str,
    body: str,
    seen_number: int,
    actor: AbstractBaseUser,
    reason: str,
    at: datetime,
) -> NoticeText:
    """From now on members read these words in this language: the version after `seen_number`.

    Raises: InvalidInput; Conflict (another version since, or the same words again).
    """
    title, body, reason = " ".join(title.split()), " ".join(body.split()), reason.strip()
    wrong = wrong_words(key, title=title, body=body) | _wrong(language=language, reason=reason)
    if wrong:
        raise InvalidInput(" ".join(wrong.values()), fields=wrong)
    last = latest_version(key, language)
    if last is not None and (last.title, last.body) == (title, body):
        raise Conflict("It says so already.")
    version = NoticeText(kind=key.value, language=language, title=title, body=body)
    return _kept(version, seen_number=seen_number, actor=actor, reason=reason, at=at)


def go_back_to_built_in(
    *,
    key: TextKey,
    language: str,
    seen_number: int,
    actor: AbstractBaseUser,
    reason: str,
    at: datetime,
) -> NoticeText:
    """From now on members read the words that come with the program. Raises: as edit_text()."""
    wrong = _wrong(language=language, reason=reason.strip())
    if wrong:
        raise InvalidInput(" ".join(wrong.values()), fields=wrong)
    last = latest_version(key, language)
    if last is None or last.is_built_in:
        raise Conflict("The built-in words hold already.")
    version = NoticeText(kind=key.value, language=language, is_built_in=True)
    return _kept(version, seen_number=seen_number, actor=actor, reason=reason.strip(), at=at)


def _kept(
    version: NoticeText, *, seen_number: int, actor: AbstractBaseUser, reason: str, at: datetime
) -> NoticeText:
    """The unique number decides who was first. Raises: Conflict."""
    last = latest_version(TextKey(version.kind), version.language)
    if (last.number if last is not None else 0) != seen_number:
        raise Conflict(_CHANGED_MEANWHILE)
    version.number, version.actor_id = seen_number + 1, actor.pk
    version.reason, version.changed_at = reason, at
    try:
        with atomic():
            version.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(_CHANGED_MEANWHILE) from error
    told = {"text": version.kind, "language": version.language, "version": version.number}
    log.info("notices.text_edited", extra=told)
    return version


def _wrong(*, language: str, reason: str) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if language not in dict(languages_offered()):
        wrong["language"] = "There is no such language."
    if not 0 < len(reason) <= REASON_LENGTH_MAX or "\x00" in reason:
        wrong["reason"] = f"A reason is needed, of at most {REASON_LENGTH_MAX} characters."
    return wrong


def wrong_words(key: TextKey, *, title: str, body: str) -> dict[str, str]:
    """Field → what is wrong with it."""
    text = TEXTS[key]
    wrong: dict[str, str] = {}
    for name, words, most in (("title", title, TITLE_LENGTH_MAX), ("body", body, BODY_LENGTH_MAX)):
        if not words:
            wrong[name] = f"The {name} is missing."
        elif len(words) > most:
            wrong[name] = f"The {name} has at most {most} characters."
        elif "\x00" in words:
            wrong[name] = f"The {name} holds a character that cannot be kept."
        elif objection := objection_to(words, allowed=text.placeholders):
            wrong[name] = objection
    if not wrong:
        told = placeholders_of(title) | placeholders_of(body)
        lacking = [name for name in text.needed if name not in told]
        if lacking:
            wrong["body"] = f"{{{lacking[0]}}} is missing: without it nobody knows how much."
            if lacking[0] == "reason":
                wrong["body"] = "{reason} is missing: without it there is no answer."
    return wrong
