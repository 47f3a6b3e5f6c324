"""`GET me/`."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.kernel import clock
from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_member
from rewards_site.members.tokens import identity_of


class MeOutput(serializers.Serializer[Member]):
    """Who the member is: our opaque id, also in the finance reports, and the publisher's own."""

    member_id = serializers.UUIDField(source="public_id")
    customer_id = serializers.CharField()
    created_at = WireTimeField()


class MeView(PrivateAPIView):
    """The member whose token it is; made by its first call."""

    def get(self, request: Request) -> Response:
        member = ensure_member(identity_of(request).customer_id, at=clock.now())
        return Response(MeOutput(member).data)
