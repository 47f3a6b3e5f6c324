"""One message about some alarms: its words, and how it goes out by each channel."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never

from django.conf import settings
from django.core.mail import EmailMessage

from rewards_site.health.models import Alarm, Channel, Notice, NoticeKind
from rewards_site.health.outward import NotReached, post_json
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Unavailable

SECONDS_MAX = 15.0
"""For a webhook; e-mail has EMAIL_TIMEOUT for each of its steps."""
SUBJECT_NAMES_MAX = 4


class NotSent(Unavailable):
    """The message did not go out; it is tried again."""

    code = "not_sent"


def send(channel: Channel, notices: Sequence[Notice], *, at: datetime) -> None:
    """One message with all of `notices`. Raises: NotSent."""
    subject, text = words(notices)
    match channel:
        case Channel.EMAIL:
            send_email(subject, text)
        case Channel.WEBHOOK:
            post(
                {
                    "text": f"{subject}\n{text}",
                    "sent_at": clock.wire_text(at),
                    "alarms": [_structured(notice) for notice in notices],
                }
            )
        case unreachable:
            assert_never(unreachable)


def words(notices: Sequence[Notice]) -> tuple[str, str]:
    """Subject and text."""
    is_over = all(notice.kind == NoticeKind.CLOSED for notice in notices)
    names = list(dict.fromkeys(notice.alarm.name for notice in notices))
    listed = ", ".join(names[:SUBJECT_NAMES_MAX])
    if len(names) > SUBJECT_NAMES_MAX:
        listed += f" and {len(names) - SUBJECT_NAMES_MAX} more"
    subject = f"[rewards] {'over' if is_over else 'alarm'}: {listed}"
    lines = [_line(notice) for notice in notices]
    return subject, "\n".join([*lines, "", "The admin's landing page shows what is wrong now."])


def send_email(subject: str, text: str) -> None:
    """To ALERT_EMAILS. Raises: NotSent."""
    message = EmailMessage(subject=subject, body=text, to=settings.ALERT_EMAILS)
    try:
        message.send()
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise NotSent(f"the mail server did not take it ({type(error).__name__})") from error


def post(body: dict[str, Any]) -> None:
    """To ALERT_WEBHOOK_URL; any 2xx is an answer. Raises: NotSent."""
    try:
        seen = post_json(settings.ALERT_WEBHOOK_URL, body, seconds_max=SECONDS_MAX)
    except NotReached as error:
        raise NotSent(str(error)) from error
    if not 200 <= seen.status < 300:
        raise NotSent(f"the webhook answered {seen.status}")


def _line(notice: Notice) -> str:
    alarm: Alarm = notice.alarm
    since = _minute(alarm.opened_at)
    match NoticeKind(notice.kind):
        case NoticeKind.OPENED:
            return f"ALARM {alarm.name}: {notice.what} (since {since})"
        case NoticeKind.STILL_OPEN:
            return f"STILL {alarm.name}: {notice.what} (since {since})"
        case NoticeKind.CLOSED:
            ended = _minute(alarm.last_seen_at)
            return f"OVER {alarm.name}: was {notice.what} (from {since} to {ended})"
        case unreachable:
            assert_never(unreachable)


def _structured(notice: Notice) -> dict[str, Any]:
    alarm: Alarm = notice.alarm
    is_over = notice.kind == NoticeKind.CLOSED
    return {
        "id": f"alarm-{alarm.pk}-{notice.number}",
        "alarm": f"alarm-{alarm.pk}",
        "check": alarm.name,
        "state": notice.kind,
        "what": notice.what,
        "opened_at": clock.wire_text(alarm.opened_at),
        "closed_at": clock.wire_text(alarm.closed_at) if is_over and alarm.closed_at else None,
    }


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
