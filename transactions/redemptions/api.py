"""`POST redemptions/`, `GET redemptions/`, `GET redemptions/{id}/`, and `…/cancel/` of one."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.api_keys.door import BackEndIdentity
from rewards_site.kernel import clock
from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.kernel.api.paging import NewestFirst
from rewards_site.kernel.api.problems import MEDIA_TYPE, exception_handler
from rewards_site.kernel.api.schema import PAGING, PageOutput
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.kernel.errors import NotFound
from rewards_site.members.queries import find_member
from rewards_site.members.tokens import identity_of
from transactions.redemptions.keyed import Answer, answer_once, as_json, canonical, unreadable
from transactions.redemptions.methods import DESTINATION_LENGTH_MAX
from transactions.redemptions.models import KEY_LENGTH_MAX, Redemption, Via
from transactions.redemptions.queries import redemptions_of, with_told
from transactions.redemptions.requesting import Wanted, request_redemption
from transactions.redemptions.services import cancel_redemption
from transactions.redemptions.states import Status

_KEY = re.compile(r"[\x20-\x7e]+")
_KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX, "pattern": "^[\\x20-\\x7E]+$"},
    OpenApiParameter.HEADER,
    required=True,
    description="Yours, a new one for each request, such as a UUID. Sent again with the same body "
    "it gives the first answer again, word for word, and nothing happens twice; with another body "
    "it is 422.",
)


class StrictTextField(serializers.CharField):
    """A JSON string, and nothing that could be read as one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer: neither true, nor 5.0, nor "5"."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class RedemptionInput(serializers.Serializer[Wanted]):
    """What a member wants to have paid."""

    currency = StrictTextField(help_text="ISO 4217, or `PTS` for points.")
    amount = StrictIntegerField(help_text="In minor units of `currency`.")
    method = StrictTextField(help_text="How: `manual` always works.")
    destination = StrictTextField(
        trim_whitespace=False,
        max_length=DESTINATION_LENGTH_MAX,
        help_text="Where to: free text in one line for `manual`. It is kept encrypted.",
    )

    @classmethod
    def read(cls, data: Any) -> Wanted:
        """Raises: ValidationError."""
        told = cls(data=data)
        told.is_valid(raise_exception=True)
        values: dict[str, Any] = told.validated_data
        return Wanted(
            currency=values["currency"],
            amount_minor=values["amount"],
            method=values["method"],
            destination=values["destination"],
        )


class RedemptionOutput(serializers.Serializer[Redemption]):
    """Money that a member asked for, in minor units of `currency`."""

    id = serializers.UUIDField(source="public_id")
    status = serializers.ChoiceField(choices=[status.value for status in Status])
    currency = serializers.CharField()
    amount = serializers.IntegerField(source="amount_minor", min_value=1)
    method = serializers.CharField()
    destination = serializers.CharField(
        source="destination_masked", help_text="Masked: enough for its owner to know it."
    )
    requested_at = WireTimeField()
    approved_at = WireTimeField(allow_null=True)
    finished_at = WireTimeField(
        allow_null=True, help_text="When it came to an end, or the payout came back."
    )
    held_until = WireTimeField(
        allow_null=True,
        help_text="The destination is new: it is not paid before. Null: nothing holds it.",
    )
    reason = serializers.CharField(
        allow_null=True, help_text="Why, in words, where it was rejected or failed."
    )

    def to_representation(self, instance: Redemption) -> dict[str, Any]:
        instance.reason = getattr(instance, "told_last", "") or None  # type: ignore[attr-defined]  # of with_told()
        told: dict[str, Any] = super().to_representation(instance)
        return told


class RedemptionPageOutput(PageOutput):
    """The member's redemptions, newest first."""

    results = RedemptionOutput(many=True)


_OUTPUT = RedemptionOutput()
_EXAMPLE: dict[str, Any] = {
    "id": "019aa0f6-6d0c-7c3e-9a51-2f6f0c9b7d55",
    "status": "requested",
    "currency": "USD",
    "amount": 2500,
    "method": "manual",
    "destination": "DE***3000",
    "requested_at": "2026-11-20T12:00:00.251Z",
    "approved_at": None,
    "finished_at": None,
    "held_until": None,
    "reason": None,
}
_PAID = _EXAMPLE | {
    "status": "paid",
    "approved_at": "2026-11-21T08:00:00.109Z",
    "finished_at": "2026-11-24T09:30:00.440Z",
}
_CANCELLED = _EXAMPLE | {"status": "cancelled", "finished_at": "2026-11-20T12:05:00.730Z"}


def _example(name: str, value: dict[str, Any]) -> list[OpenApiExample]:
    return [OpenApiExample(name, value=value, response_only=True)]


class RedemptionsView(PrivateAPIView):
    """What the member asked for, and asking for more."""

    tag = "money out"

    @extend_schema(
        summary="My redemptions",
        parameters=PAGING,
        responses=RedemptionPageOutput,
        examples=[
            OpenApiExample(
                "One that was paid",
                value={"next": None, "previous": None, "results": [_PAID]},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        paging = NewestFirst()
        member = find_member(identity_of(request).customer_id)
        found = Redemption.objects.none() if member is None else redemptions_of(member)
        page = paging.paginate_queryset(with_told(found), request, view=self) or []
        return paging.get_paginated_response([_OUTPUT.to_representation(row) for row in page])

    @extend_schema(
        summary="Redeem",
        description="The amount is held at once: it goes from `available` to `redeeming`. A "
        "refusal is an answer like any other, and the same key gives it again: after it, ask with "
        "a new key.",
        parameters=[_KEY_HEADER],
        request=RedemptionInput,
        responses={201: RedemptionOutput},
        examples=_example("Asked for", _EXAMPLE),
    )
    def post(self, request: Request) -> HttpResponse:
        at = clock.now()
        key = _key_of(request)
        raw = request.body
        try:
            data = request.data
        except (APIException, RequestDataTooBig) as error:
            return self._answer_unreadable(request, key, raw, error, at=at)
        return self._answer(request, key, canonical(data), lambda: data, at=at)

    def _answer_unreadable(
        self, request: Request, key: str, raw: bytes, error: Exception, *, at: datetime
    ) -> HttpResponse:
        def again() -> Any:
            raise error

        return self._answer(request, key, unreadable(raw), again, at=at)

    def _answer(
        self, request: Request, key: str, body: bytes, data_of: Any, *, at: datetime
    ) -> HttpResponse:
        identity = identity_of(request)
        is_back_end = isinstance(identity, BackEndIdentity)
        via = Via.BACK_END if is_back_end else Via.MEMBER
        reference = f"api_key/{identity.key_pk}" if isinstance(identity, BackEndIdentity) else ""

        def work(member_id: int) -> Answer:
            row = request_redemption(
                member_id=member_id,
                wanted=RedemptionInput.read(data_of()),
                via=via,
                reference=reference,
                at=at,
            )
            return Answer(status=201, body=as_json(_OUTPUT.to_representation(row)))

        def refusal(error: Exception) -> Answer:
            told: Any = exception_handler(error, {"view": self, "request": request})
            return Answer(status=told.status_code, body=told.content.decode())

        answer = answer_once(
            customer_id=identity.customer_id,
            key=key,
            body=body,
            at=at,
            work=work,
            refusal=refusal,
        )
        media_type = "application/json" if answer.status < 400 else MEDIA_TYPE
        return HttpResponse(answer.body, status=answer.status, content_type=media_type)


class RedemptionView(PrivateAPIView):
    """One of them."""

    tag = "money out"

    @extend_schema(
        summary="One redemption",
        responses=RedemptionOutput,
        examples=_example("Paid", _PAID),
    )
    def get(self, request: Request, redemption_id: str) -> Response:
        return Response(_OUTPUT.to_representation(_found(request, redemption_id)))


class RedemptionCancelView(PrivateAPIView):
    """Taking one back."""

    tag = "money out"
    problems = (409,)

    @extend_schema(
        summary="Cancel a redemption",
        description="While it is `requested`; the amount is available again. Cancelled already: "
        "200 again. In another state: 409.",
        request=None,
        responses={200: RedemptionOutput},
        examples=_example("Cancelled", _CANCELLED),
    )
    def post(self, request: Request, redemption_id: str) -> Response:
        at = clock.now()
        row = _found(request, redemption_id)
        identity = identity_of(request)
        reference = f"api_key/{identity.key_pk}" if isinstance(identity, BackEndIdentity) else ""
        cancel_redemption(redemption_id=row.pk, reference=reference, at=at)
        return Response(_OUTPUT.to_representation(_found(request, redemption_id)))


def _found(request: Request, redemption_id: str) -> Redemption:
    """Raises: NotFound, also for another member's."""
    member = find_member(identity_of(request).customer_id)
    try:
        public_id = uuid.UUID(redemption_id)
    except ValueError:
        public_id = None
    if member is not None and public_id is not None and str(public_id) == redemption_id:
        found = with_told(redemptions_of(member)).filter(public_id=public_id).first()
        if found is not None:
            return found
    raise NotFound(_("You have no such redemption."))


def _key_of(request: Request) -> str:
    """Raises: ParseError (400)."""
    key = request.headers.get("Idempotency-Key", "").strip(" ")
    if not key:
        raise ParseError({"Idempotency-Key": _("The header Idempotency-Key is needed.")})
    if len(key) > KEY_LENGTH_MAX or not _KEY.fullmatch(key):
        words = _("An Idempotency-Key has 1 to %(most)d characters of printable ASCII.")
        raise ParseError({"Idempotency-Key": words % {"most": KEY_LENGTH_MAX}})
    return key
