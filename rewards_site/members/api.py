"""`GET me/`."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.kernel import clock
from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.members.beside import unread_notifications
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_member
from rewards_site.members.tokens import identity_of


class MeOutput(serializers.Serializer[Member]):
    """Who the member is: our opaque id, also in the finance reports, and the publisher's own."""

    member_id = serializers.UUIDField(source="public_id", help_text="Ours; also in reports.")
    customer_id = serializers.CharField(help_text="The publisher's, as in the token's `sub`.")
    created_at = WireTimeField(help_text="When we first saw the customer id.")
    unread_notifications = serializers.SerializerMethodField(
        help_text="As `unread` of `notifications/`."
    )

    def get_unread_notifications(self, member: Member) -> int:
        return unread_notifications(member.pk)


_ME = MeOutput()
"""Made once: to copy a serializer's fields for each answer takes longer than to fill them."""


class MeView(PrivateAPIView):
    """The member whose token it is; made by its first call."""

    tag = "member"

    @extend_schema(
        summary="Who I am",
        responses=MeOutput,
        examples=[
            OpenApiExample(
                "A member",
                value={
                    "member_id": "5b0d9c1e-6a57-4f0e-9a35-0f3c1b0a7e42",
                    "customer_id": "user-42",
                    "created_at": "2026-11-20T12:04:10Z",
                    "unread_notifications": 2,
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        member = ensure_member(identity_of(request).customer_id, at=clock.now())
        return Response(_ME.to_representation(member))
