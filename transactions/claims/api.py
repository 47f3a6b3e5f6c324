"""`POST claims/`, `GET claims/`, `GET claims/{id}/`: a member misses a reward."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.kernel import clock
from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.kernel.api.paging import NewestFirst
from rewards_site.kernel.api.schema import PAGING, PageOutput
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.members.tokens import identity_of
from transactions.claims.asking import Asked
from transactions.claims.choices import AnsweredBy, ClaimStatus, Verdict
from transactions.claims.filing import file_claim
from transactions.claims.models import (
    CLICK_ID_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    ORDER_REFERENCE_LENGTH_MAX,
)
from transactions.claims.queries import ClaimMerchant, ToldClaim, claims_of, find_claim, told

_VERDICTS = "; ".join(f"{verdict.value}: {verdict.label}" for verdict in Verdict)


class TextField(serializers.CharField):
    """A JSON string, and nothing that could be read as one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeField(serializers.IntegerField):
    """A JSON integer: neither true, nor 5.0, nor "5"."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


@extend_schema_field({"type": "string", "format": "date-time"})
class InstantField(serializers.Field[datetime, str, str, Any]):
    """RFC 3339 with its offset: a time without one is of nobody's clock."""

    default_error_messages = {
        "invalid": gettext_lazy("This is no time of RFC 3339, such as 2026-11-20T12:00:00Z.")
    }

    def to_internal_value(self, data: Any) -> datetime:
        try:
            at = datetime.fromisoformat(data) if isinstance(data, str) and "T" in data else None
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fail("invalid")
        try:
            return at.astimezone(UTC)
        except OverflowError:
            self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        raise NotImplementedError


class ClaimInput(serializers.Serializer[Asked]):
    """A reward that is missing. Only the click is needed; whatever else is known helps."""

    click_id = TextField(
        max_length=CLICK_ID_LENGTH_MAX, help_text="Of the visit that the purchase came by."
    )
    order_reference = TextField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=ORDER_REFERENCE_LENGTH_MAX,
        help_text="The store's own number of the order.",
    )
    order_total = WholeField(
        required=False,
        allow_null=True,
        min_value=0,
        help_text="What was paid, in minor units of `currency`; at most 10^15.",
    )
    currency = TextField(
        required=False, allow_null=True, allow_blank=True, max_length=3, help_text="ISO 4217."
    )
    purchased_at = InstantField(
        required=False, allow_null=True, help_text="When it was bought; not in the future."
    )
    note = TextField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=NOTE_LENGTH_MAX,
        help_text="In the member's words.",
    )

    @classmethod
    def read(cls, data: Any) -> Asked:
        """Raises: ValidationError."""
        told_input = cls(data=data)
        told_input.is_valid(raise_exception=True)
        values: dict[str, Any] = told_input.validated_data
        return Asked(
            click_id=values["click_id"],
            order_reference=values.get("order_reference") or "",
            order_total_minor=values.get("order_total"),
            order_currency=(values.get("currency") or "").upper(),
            purchased_at=values.get("purchased_at"),
            note=values.get("note") or "",
        )


class ClaimMerchantOutput(serializers.Serializer[ClaimMerchant]):
    merchant_id = serializers.CharField()
    name = serializers.CharField()


class ClaimOutput(serializers.Serializer[ToldClaim]):
    """A claim, and what came of it."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[status.value for status in ClaimStatus])
    verdict = serializers.ChoiceField(
        choices=[verdict.value for verdict in Verdict],
        help_text=f"What the facts said at once. {_VERDICTS}.",
    )
    answer = serializers.CharField(help_text="One or two sentences for the member.")
    click_id = serializers.CharField()
    merchant = ClaimMerchantOutput(allow_null=True)
    clicked_at = WireTimeField(allow_null=True)
    order_reference = serializers.CharField(allow_null=True)
    order_total = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField(allow_null=True)
    purchased_at = WireTimeField(allow_null=True)
    note = serializers.CharField(allow_null=True)
    created_at = WireTimeField()
    ask_again_at = WireTimeField(
        allow_null=True, help_text="Too early: from then on the same may be asked again."
    )
    answered_at = WireTimeField(allow_null=True)
    answered_by = serializers.ChoiceField(
        choices=[(by.value, by.value) for by in AnsweredBy],
        allow_null=True,
        help_text="`facts`: at once; `ops`: by people; `transaction`: by its order's arrival.",
    )
    transaction = serializers.UUIDField(
        allow_null=True, help_text="The `id` of the order, where it is known."
    )


class ClaimPageOutput(PageOutput):
    """The member's claims, newest first."""

    results = ClaimOutput(many=True)


_CLAIM = ClaimOutput()
"""Made once: to copy a serializer's fields for each answer takes longer than to fill them."""

_EXAMPLE: dict[str, Any] = {
    "id": "019aa0f6-6d0c-7c3e-9a51-2f6f0c9b7d77",
    "status": "answered",
    "verdict": "too_early",
    "answer": "It is too early: purchases at Northwind usually show up by 2026-11-22 12:00 UTC. "
    "If yours has not shown up by then, please ask again.",
    "click_id": "0199e2a4-7c1e-7d53-9a60-5f0e6b0c2f11",
    "merchant": {"merchant_id": "org-7c1f09aa52d3e418", "name": "Northwind"},
    "clicked_at": "2026-11-20T12:00:00Z",
    "order_reference": "A-1001",
    "order_total": 8000,
    "currency": "USD",
    "purchased_at": "2026-11-20T12:10:00Z",
    "note": None,
    "created_at": "2026-11-20T18:00:00Z",
    "ask_again_at": "2026-11-22T12:10:00Z",
    "answered_at": "2026-11-20T18:00:00Z",
    "answered_by": "facts",
    "transaction": None,
}


class PastClaimsView(PrivateAPIView):
    """What the member reported, newest first."""

    tag = "care"

    @extend_schema(summary="My claims", parameters=PAGING, responses=ClaimPageOutput)
    def get(self, request: Request) -> Response:
        paging = NewestFirst()
        rows = claims_of(identity_of(request).customer_id)
        page = paging.paginate_queryset(rows, request, view=self) or []
        return paging.get_paginated_response([_CLAIM.to_representation(told(row)) for row in page])


class ClaimsView(PastClaimsView):
    """A missing reward, and those reported before."""

    @extend_schema(
        summary="Report a missing reward",
        description="Most claims are answered at once, by the facts; the others are looked into by "
        "people, and answered by themselves if the order arrives. The same claim sent again is "
        "answered with the first one, as a `duplicate`. A click that the member does not have is "
        "no error: then the verdict is `no_such_click`.",
        request=ClaimInput,
        responses={201: ClaimOutput},
        examples=[OpenApiExample("Too early", value=_EXAMPLE, response_only=True)],
    )
    def post(self, request: Request) -> Response:
        at = clock.now()
        customer_id = identity_of(request).customer_id
        filed = file_claim(customer_id=customer_id, asked=ClaimInput.read(request.data), at=at)
        claim = find_claim(customer_id, str(filed.claim.public_id))
        answer = told(claim, is_repeated=filed.is_repeated)
        return Response(_CLAIM.to_representation(answer), status=201)


class ClaimView(PrivateAPIView):
    """One of the member's claims."""

    tag = "care"

    @extend_schema(summary="One claim", responses=ClaimOutput)
    def get(self, request: Request, claim_id: str) -> Response:
        claim = find_claim(identity_of(request).customer_id, claim_id)
        return Response(_CLAIM.to_representation(told(claim)))
