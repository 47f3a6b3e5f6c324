"""How the two kinds of callers prove who they are, for OpenAPI. Imported when the app is ready."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class MemberToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = "rewards_site.members.tokens.MemberAuthentication"
    name = "memberToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A member's token: HS256, RS256 or ES256, `sub` is the customer id, "
            "`exp` is required. It opens this member's own things and nothing else.",
        }


class ApiKeyBearer(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = "rewards_site.api_keys.door.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "rk_…",
            "description": "A key of the publisher's own back end, made in the admin. It opens "
            "`/api/v1/members/…` within its scopes and nothing else.",
        }
