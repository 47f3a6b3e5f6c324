"""Texts of notices for the admin's tests; the notices themselves come with the orders."""

from __future__ import annotations

from django.contrib.auth.models import User

from rewards_site.notifications.languages import languages_offered
from rewards_site.notifications.models import NoticeText
from rewards_site.notifications.texts import TextKey
from tests.factories import NOON


def fill_notices(number: int, staff: User) -> None:
    NoticeText.objects.create(
        kind=TextKey.REWARD_PENDING,
        language=languages_offered()[number][0],
        number=1,
        title="On its way",
        body="{amount} from {store}.",
        actor=staff,
        reason="Shorter.",
        changed_at=NOON,
    )
