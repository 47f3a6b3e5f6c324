"""`POST clicks/`, `GET clicks/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from offers.clicks.models import Click, LinkProblem
from offers.clicks.offer_token import LENGTH_MAX
from offers.clicks.queries import clicks_of, shown_name
from offers.clicks.tap import take_tap
from offers.models import Merchant
from offers.shown_reward import RewardType
from rewards_site.button.links import URL_LENGTH_MAX
from rewards_site.kernel import clock
from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.kernel.api.paging import NewestFirst
from rewards_site.kernel.api.schema import PAGING, PageOutput
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.members.queries import find_member
from rewards_site.members.tokens import identity_of

_TOLD = [problem for problem in LinkProblem if problem is not LinkProblem.ERASED]
"""Whose link was erased has nobody left who could ask."""
_PROBLEMS = "; ".join(f"{problem.value}: {problem.label}" for problem in _TOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapped:
    """What an app sends when an offer was tapped."""

    offer_token: str
    url: str | None


class TappedInput(serializers.Serializer[Tapped]):
    """What was tapped."""

    offer_token = serializers.CharField(
        trim_whitespace=False,
        max_length=LENGTH_MAX,
        help_text="The `token` of an offer, as it was given to this member less than 30 minutes "
        "ago.",
    )
    url = serializers.CharField(
        required=False,
        allow_null=True,
        trim_whitespace=False,
        max_length=URL_LENGTH_MAX,
        help_text="A page of the brand that the link is to lead to, such as a product's. Null: "
        "its home page.",
    )

    @classmethod
    def read(cls, request: Request) -> Tapped:
        """Raises: ValidationError."""
        told = cls(data=request.data)
        told.is_valid(raise_exception=True)
        values: dict[str, Any] = told.validated_data
        return Tapped(offer_token=values["offer_token"], url=values.get("url"))


class ClickRewardOutput(serializers.Serializer[dict[str, Any]]):
    """What the member was shown, and is paid by, whatever the rules say later."""

    type = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in RewardType])
    value = serializers.CharField(help_text="A decimal: percent, major units, or points.")
    currency = serializers.CharField(
        allow_null=True,
        help_text="Of a fixed amount. Points with one are for each major unit of it that is "
        "spent; without, for the order.",
    )


class ClickMerchantOutput(serializers.Serializer[Merchant]):
    """Of a click, as `merchants/` tells more of it."""

    merchant_id = serializers.CharField()
    name = serializers.SerializerMethodField()

    def get_name(self, merchant: Merchant) -> str:
        return shown_name(merchant)


class LinkedOutput(serializers.Serializer[Click]):
    """What of a click is told at the tap and later."""

    click_id = serializers.UUIDField(source="public_id", help_text="Ours; orders name it.")
    link = serializers.CharField(
        allow_null=True,
        help_text="To be opened as it is, at once. Null: there is none, see `link_problem`.",
    )
    link_problem = serializers.ChoiceField(
        choices=[(problem.value, problem.value) for problem in _TOLD],
        allow_null=True,
        help_text=f"Why there is no link; null where there is one. {_PROBLEMS}.",
    )
    reward = ClickRewardOutput()

    def to_representation(self, instance: Click) -> dict[str, Any]:
        told: dict[str, Any] = super().to_representation(instance)
        return told | {name: told[name] or None for name in ("link", "link_problem")}


class ClickOutput(LinkedOutput):
    """A recorded tap."""

    pub_ref = serializers.CharField(
        help_text="The reference of this click, at most 511 characters, safe in a URL. Apps that "
        "open Button's SDK by themselves pass it on as it is."
    )


class PastClickOutput(LinkedOutput):
    """A tap of before."""

    merchant = ClickMerchantOutput()
    offer_id = serializers.CharField(help_text="Button's.")
    clicked_at = WireTimeField()


class PastClickPageOutput(PageOutput):
    """The member's taps, newest first."""

    results = PastClickOutput(many=True)


_CLICK = ClickOutput()
_PAST_CLICK = PastClickOutput()
"""Made once: to copy a serializer's fields for each answer takes longer than to fill them."""

_EXAMPLE: dict[str, Any] = {
    "click_id": "0199e2a4-7c1e-7d53-9a60-5f0e6b0c2f11",
    "pub_ref": "AVq3xJ0c5n6mV2Qz8yL1o4rT7uWb9dEf",
    "link": "https://r.bttn.io?btn_url=https%3A%2F%2Fwww.brand-example.com&btn_ref=org-1",
    "link_problem": None,
    "reward": {"type": "percent", "value": "3.25", "currency": None},
}


class PastClicksView(PrivateAPIView):
    """What the member tapped, newest first."""

    tag = "shopping"

    @extend_schema(summary="My clicks", parameters=PAGING, responses=PastClickPageOutput)
    def get(self, request: Request) -> Response:
        paging = NewestFirst()
        member = find_member(identity_of(request).customer_id)
        clicks = Click.objects.none() if member is None else clicks_of(member)
        page = paging.paginate_queryset(clicks, request, view=self) or []
        return paging.get_paginated_response([_PAST_CLICK.to_representation(row) for row in page])


class ClicksView(PastClicksView):
    """A tap on an offer, and the taps before."""

    @extend_schema(
        summary="Tap an offer",
        description="What was shown is recorded, and its terms are frozen: by them the orders of "
        "this click are rewarded. A brand that cannot be linked to now is no error: then `link` "
        "is null. To repeat a call makes another click, which harms nothing.",
        request=TappedInput,
        responses={201: ClickOutput},
        examples=[OpenApiExample("A tap", value=_EXAMPLE, response_only=True)],
    )
    def post(self, request: Request) -> Response:
        at = clock.now()
        tapped = TappedInput.read(request)
        click = take_tap(
            customer_id=identity_of(request).customer_id,
            offer_token=tapped.offer_token,
            url=tapped.url,
            at=at,
        )
        return Response(_CLICK.to_representation(click), status=201)
