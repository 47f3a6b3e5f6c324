"""`GET members/{customer_id}/me/`: who the member of a customer id is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.api_keys.door import BackEndDoor
from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.members.beside import unread_notifications
from rewards_site.members.queries import find_member


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMember:
    """A customer id, and who it is if we have seen it."""

    public_id: uuid.UUID | None = None
    customer_id: str
    created_at: datetime | None = None
    unread_notifications: int = 0


class AskedMemberOutput(serializers.Serializer[AskedMember]):
    """As `GET me/`; `member_id` and `created_at` are null while we have not seen the customer id.

    To ask makes no member: an order or a call with the member's own token does.
    """

    member_id = serializers.UUIDField(source="public_id", allow_null=True)
    customer_id = serializers.CharField()
    created_at = WireTimeField(allow_null=True)
    unread_notifications = serializers.IntegerField(min_value=0)


class BackEndMeView(BackEndDoor):
    """Who the member of a customer id is, if we have seen it."""

    @extend_schema(summary="Who a member is", responses=AskedMemberOutput)
    def get(self, request: Request) -> Response:
        member = find_member(self.customer_id)
        asked = AskedMember(
            public_id=member.public_id if member else None,
            customer_id=self.customer_id,
            created_at=member.created_at if member else None,
            unread_notifications=unread_notifications(member.pk) if member else 0,
        )
        return Response(AskedMemberOutput(asked).data)
