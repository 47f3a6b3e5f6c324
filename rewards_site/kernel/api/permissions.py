"""Who may call the member API."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class IsMember(BasePermission):
    """The request carries a member's token.

    Typed without APIView: REST framework imports this while it is still making that class.
    """

    def has_permission(self, request: Request, view: object) -> bool:
        return request.auth is not None
