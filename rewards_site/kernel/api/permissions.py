"""Who may call the member API."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class IsMember(BasePermission):
    """The request carries a member's token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth is not None
