"""`GET offers/`, `POST offers/`: what a member is offered now."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from offers.api import MerchantTermsOutput
from offers.api_examples import OFFERS, OFFERS_ASKED
from offers.live import offers_for
from offers.menu import MenuBrand, MenuOffer
from offers.shown_reward import RewardType
from rewards_site.button.identifiers import IDENTIFIERS_MAX, shopper
from rewards_site.kernel import clock
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.members.tokens import identity_of

_TOLD_MAX = 1000
"""Entries of a list that are looked at, to say which of them are wrong."""


class OffersInput(serializers.Serializer[Any]):
    """For whom: the more that is known of them, the more brands have a rate of their own."""

    device_ids = serializers.ListField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        required=False,
        allow_null=True,
        max_length=_TOLD_MAX,
        help_text="IDFA or GAID, as the phone tells them. Never kept.",
    )
    email_sha256s = serializers.ListField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        required=False,
        allow_null=True,
        max_length=_TOLD_MAX,
        help_text="SHA-256 of e-mail addresses, trimmed and in lower case before: 64 hexadecimal "
        f"digits. With the devices at most {IDENTIFIERS_MAX}. Never kept.",
    )
    merchant_id = serializers.CharField(
        required=False,
        allow_null=True,
        trim_whitespace=False,
        help_text="Only the offers of this merchant; null: of all.",
    )


class RewardOutput(serializers.Serializer[Any]):
    """What the member gets for an order, by the rules in force now."""

    type = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in RewardType])
    value = serializers.CharField(
        help_text="A decimal: percent of the order, major units of `currency`, or points. Rounded "
        "down. 0: nothing for now."
    )
    currency = serializers.CharField(
        allow_null=True,
        help_text="Of a fixed amount. Points with one are for each major unit of it that is "
        "spent; without, for the order.",
    )


class DisplayParamsOutput(serializers.Serializer[Any]):
    """The brand's words for an offer, to be shown and never to be a key; each may be missing."""

    category = serializers.CharField(required=False, help_text="What it is for.")
    offer_type = serializers.CharField(required=False)
    offer_tag = serializers.CharField(
        required=False, help_text="Marks an offer for a short time, such as `promotional`."
    )


class OfferOutput(serializers.Serializer[MenuOffer]):
    """One offer."""

    id = serializers.CharField(help_text="Button's.")
    token = serializers.CharField(
        help_text="For `POST clicks/`, by this member and within 30 minutes."
    )
    rank = serializers.IntegerField(
        allow_null=True, help_text="1 comes first; null where Button does not tell."
    )
    reward = RewardOutput()
    label = serializers.CharField(  # type: ignore[assignment]  # the contract's name for it
        help_text="The reward in a few words of English."
    )
    display_params = DisplayParamsOutput()


class OfferedTermsOutput(MerchantTermsOutput):
    """What the merchant asks of an order, and what the reward hangs on besides."""

    reward_conditions = serializers.ListField(
        child=serializers.CharField(),
        help_text="Each a sentence in English: the most that is paid of an order, the least order, "
        "categories of products that earn more or less.",
    )


class OfferedMerchantOutput(serializers.Serializer[MenuBrand]):
    """A merchant and what it offers this member. Texts are plain text, never HTML."""

    merchant_id = serializers.CharField()
    name = serializers.CharField()
    icon_url = serializers.CharField(allow_null=True)
    categories = serializers.ListField(child=serializers.CharField())
    featured = serializers.BooleanField(help_text="To be shown before the others.")
    terms = OfferedTermsOutput()
    expected_days_to_available = serializers.IntegerField(
        allow_null=True,
        help_text="From the purchase until the reward is available, in days, the report of the "
        "order included. An estimate, never a promise; null where nothing is known.",
    )
    expected_range = serializers.ListField(
        child=serializers.IntegerField(),
        allow_null=True,
        min_length=2,
        max_length=2,
        help_text="8 of 10 orders take so many days: from, to. Null without a history.",
    )
    basis = serializers.ChoiceField(
        choices=[("history", "history"), ("window", "window")],
        allow_null=True,
        help_text="What the estimate rests on. history: earlier orders of this merchant. window: "
        "how late the merchant reports orders at most, and its finalization window from then on.",
    )
    exclusions = serializers.ListField(
        child=serializers.CharField(),
        help_text="What earns nothing. Show it before the member goes there.",
    )
    offers = OfferOutput(many=True)


class OffersOutput(serializers.Serializer[Any]):
    """What the member is offered now, best merchant first."""

    merchants = OfferedMerchantOutput(many=True)


_ONE_MERCHANT = OpenApiParameter(
    "merchant_id", str, description="Only the offers of this merchant; without it, of all."
)


class OffersView(PrivateAPIView):
    """What the member is offered now, asked of Button at each call and never kept.

    Ask each time offers are about to be shown. Where Button does not answer there are no rates:
    503, and 429 where too much is asked; both say in `Retry-After` when to try again.
    """

    tag = "offers"
    problems = (429,)

    @extend_schema(
        summary="Offers", parameters=[_ONE_MERCHANT], responses=OffersOutput, examples=OFFERS
    )
    def get(self, request: Request) -> Response:
        return self._answer(request, {"merchant_id": request.query_params.get("merchant_id")})

    @extend_schema(
        summary="Offers, with what else is known of the member",
        request=OffersInput,
        responses={200: OffersOutput},
        examples=[*OFFERS_ASKED, *OFFERS],
    )
    def post(self, request: Request) -> Response:
        told = OffersInput(data=request.data)
        told.is_valid(raise_exception=True)
        return self._answer(request, told.validated_data)

    def _answer(self, request: Request, asked: dict[str, Any]) -> Response:
        whose = shopper(
            identity_of(request).customer_id,
            device_ids=asked.get("device_ids") or (),
            email_sha256s=asked.get("email_sha256s") or (),
        )
        brands = offers_for(whose, merchant_id=asked.get("merchant_id"), at=clock.now())
        return Response({"merchants": [_brand(brand) for brand in brands]})


def _brand(brand: MenuBrand) -> dict[str, Any]:
    """By hand: a serializer takes ten times as long, and a member may see a thousand offers."""
    facts, wait = brand.facts, brand.facts.wait
    terms = asdict(facts.terms) | {"reward_conditions": brand.reward_conditions}
    return {
        "merchant_id": facts.merchant_id,
        "name": facts.name,
        "icon_url": facts.icon_url,
        "categories": facts.categories,
        "featured": facts.is_featured,
        "terms": terms,
        "expected_days_to_available": wait.days,
        "expected_range": wait.range_days,
        "basis": wait.basis,
        "exclusions": brand.exclusions,
        "offers": [_offer(offer) for offer in brand.offers],
    }


def _offer(offer: MenuOffer) -> dict[str, Any]:
    return {
        "id": offer.offer_id,
        "token": offer.token,
        "rank": offer.rank,
        "reward": offer.reward.as_json(),
        "label": offer.label,
        "display_params": offer.display_params,
    }
