"""`GET notifications/`, `POST notifications/read/`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.kernel.api.paging import NewestNumberFirst
from rewards_site.kernel.api.schema import PAGING, PageOutput
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.members.queries import find_member
from rewards_site.members.tokens import identity_of
from rewards_site.notifications import api_examples as examples
from rewards_site.notifications.languages import languages_of
from rewards_site.notifications.models import Notice
from rewards_site.notifications.news import NewsKind
from rewards_site.notifications.queries import ReadMarker, marker_of, notices_of, own_texts
from rewards_site.notifications.services import mark_read
from rewards_site.notifications.words import words_of

_LANGUAGE = OpenApiParameter(
    "Accept-Language",
    str,
    OpenApiParameter.HEADER,
    description="The languages that the member reads, best first, as browsers and apps send them. "
    "Where there are no words in any of them, they come in English.",
)


class NoticeOutput(serializers.Serializer[dict[str, Any]]):
    """One thing that changed. Amounts in minor units of `currency`."""

    id = serializers.UUIDField(source="public_id")
    number = serializers.IntegerField(
        min_value=1, help_text="Counted per member: 1, 2, 3 …, without gaps."
    )
    at = WireTimeField()
    kind = serializers.ChoiceField(
        choices=[kind.value for kind in NewsKind],
        help_text="More kinds may come: show `title` and `text` for one that you do not know.",
    )
    title = serializers.CharField(help_text="A few words.")
    text = serializers.CharField(
        help_text="What happened, in plain text for the member; never HTML, always to be escaped."
    )
    currency = serializers.CharField(
        allow_null=True, help_text="ISO 4217, or `PTS`; null where it is about no amount."
    )
    before = serializers.IntegerField(
        allow_null=True, help_text="The reward, or the amount, before; null where there was none."
    )
    after = serializers.IntegerField(
        allow_null=True, help_text="The reward, or the amount, since; null where there is none."
    )
    transaction = serializers.UUIDField(
        allow_null=True, help_text="The `id` of the order that it is about, if any."
    )
    redemption = serializers.UUIDField(
        allow_null=True, help_text="The `id` of the redemption that it is about, if any."
    )
    claim = serializers.UUIDField(
        allow_null=True, help_text="The `id` of the claim that it is about, if any."
    )
    is_read = serializers.BooleanField(help_text="Whether it is at or before the read marker.")


class NoticePageOutput(PageOutput):
    """What the member was told, the highest number first."""

    unread = serializers.IntegerField(
        min_value=0, help_text="How many of all the member's notices are not read."
    )
    results = NoticeOutput(many=True)


class ReadInput(serializers.Serializer[Any]):
    """Up to where the member has read."""

    up_to = serializers.IntegerField(
        min_value=0, help_text="The `number` of the newest notice that the member has seen."
    )

    @classmethod
    def read(cls, request: Request) -> int:
        """Raises: ValidationError."""
        told = cls(data=request.data)
        told.is_valid(raise_exception=True)
        return int(told.validated_data["up_to"])


class ReadOutput(serializers.Serializer[ReadMarker]):
    """Where the marker stands by now."""

    read_up_to = serializers.IntegerField(min_value=0)
    unread = serializers.IntegerField(min_value=0)


_READ = ReadOutput()


class NotificationsView(PrivateAPIView):
    """What the member was told: exactly one notice for each real change, the latest first."""

    tag = "notices"

    @extend_schema(
        summary="Notices",
        parameters=[*PAGING, _LANGUAGE],
        responses=NoticePageOutput,
        examples=[examples.NOTICES],
    )
    def get(self, request: Request) -> Response:
        paging = NewestNumberFirst()
        member = find_member(identity_of(request).customer_id)
        marker = ReadMarker() if member is None else marker_of(member.pk)
        rows = Notice.objects.none() if member is None else notices_of(member.pk)
        page: list[Notice] = paging.paginate_queryset(rows, request, view=self) or []
        response = paging.get_paginated_response(_told(page, marker, request))
        response.data["unread"] = marker.unread
        return response


class NotificationsReadView(PrivateAPIView):
    """The member's read marker."""

    tag = "notices"

    @extend_schema(
        summary="Mark as read",
        description="Everything up to this number counts as read. The marker only moves forward, "
        "and never past the newest notice, so a call may be repeated, come late, or name a number "
        "that there is none of yet.",
        request=ReadInput,
        responses=ReadOutput,
        examples=[examples.READ_UP_TO, examples.READ],
    )
    def post(self, request: Request) -> Response:
        up_to = ReadInput.read(request)
        member = find_member(identity_of(request).customer_id)
        marker = ReadMarker() if member is None else mark_read(member.pk, up_to=up_to)
        return Response(_READ.to_representation(marker))


def _told(page: list[Notice], marker: ReadMarker, request: Request) -> list[dict[str, Any]]:
    languages = languages_of(str(request.META.get("HTTP_ACCEPT_LANGUAGE", "")))
    own = own_texts(languages) if page else {}
    output = NoticeOutput()
    told = []
    for notice in page:
        words = words_of(notice, languages=languages, own=own)
        told.append(
            output.to_representation(
                {
                    "public_id": notice.public_id,
                    "number": notice.number,
                    "at": notice.at,
                    "kind": notice.kind,
                    "title": words.title,
                    "text": words.text,
                    "currency": notice.currency or None,
                    "before": notice.before_minor,
                    "after": notice.after_minor,
                    "transaction": notice.transaction_id,
                    "redemption": notice.redemption_id,
                    "claim": notice.claim_id,
                    "is_read": notice.number <= marker.read_up_to,
                }
            )
        )
    return told
