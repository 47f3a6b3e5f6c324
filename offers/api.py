"""`GET merchants/`, `GET merchants/{merchant_id}/`."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from offers.queries import (
    MerchantState,
    MerchantTerms,
    ShownMerchant,
    find_merchant,
    shoppable_merchants,
    shown,
)
from rewards_site.kernel.api.paging import NewestFirst
from rewards_site.kernel.api.schema import PAGING, PageOutput
from rewards_site.kernel.api.views import PrivateAPIView


class MerchantTermsOutput(serializers.Serializer[MerchantTerms]):
    """What the merchant asks of an order. Null: it is not told."""

    finalization_window_days = serializers.IntegerField(
        allow_null=True,
        help_text="Days from the report of an order to its being final, rounded up. The merchant "
        "may change it, also for a single order: an expectation, not a promise.",
    )
    reporting_window_days = serializers.IntegerField(
        allow_null=True, help_text="Days until an order shows up as pending, at most, as a rule."
    )
    coupons_allowed = serializers.BooleanField(
        allow_null=True, help_text="Whether an order with a coupon still earns."
    )
    gift_cards_allowed = serializers.BooleanField(
        allow_null=True, help_text="Whether gift cards earn."
    )
    exclusions = serializers.CharField(
        allow_null=True, help_text="What earns nothing, in the merchant's words."
    )
    additional_terms = serializers.CharField(
        allow_null=True, help_text="Further terms, in the merchant's words."
    )
    terms_url = serializers.CharField(
        allow_null=True, help_text="Where the merchant's terms can be read."
    )


class ShownMerchantOutput(serializers.Serializer[ShownMerchant]):
    """A merchant; the same in the list and alone. Texts are plain text, never HTML."""

    merchant_id = serializers.CharField(help_text="Never changes; the key to everything else.")
    name = serializers.CharField()
    status = serializers.ChoiceField(
        choices=[(state.value, state.value) for state in MerchantState],
        help_text="active: shoppers may go there. inactive: earlier orders still count, new ones "
        "are not to be expected. not_described: known by an order or an offer only.",
    )
    description = serializers.CharField(allow_null=True)
    icon_url = serializers.CharField(allow_null=True, help_text="An http(s) address of an image.")
    homepage_url = serializers.CharField(
        allow_null=True, help_text="An http(s) address. A visit there is not tracked by itself."
    )
    categories = serializers.ListField(child=serializers.CharField())
    featured = serializers.BooleanField(help_text="To be shown before the others.")
    hostnames = serializers.ListField(
        child=serializers.CharField(), help_text="Hosts of the merchant, in lower case."
    )
    terms = MerchantTermsOutput()


class MerchantPageOutput(PageOutput):
    """The merchants that shoppers may go to, newest first."""

    results = ShownMerchantOutput(many=True)


class MerchantsView(PrivateAPIView):
    """The merchants that shoppers may go to, newest first."""

    tag = "merchants"

    @extend_schema(summary="Merchants", parameters=PAGING, responses=MerchantPageOutput)
    def get(self, request: Request) -> Response:
        paging = NewestFirst()
        page = paging.paginate_queryset(shoppable_merchants(), request, view=self) or []
        merchants = [shown(profile) for profile in page]
        output = serializers.ListSerializer(merchants, child=ShownMerchantOutput())
        return paging.get_paginated_response(output.data)


class MerchantView(PrivateAPIView):
    """One merchant, also one that is inactive by now: earlier orders point at it."""

    tag = "merchants"

    @extend_schema(summary="One merchant", responses=ShownMerchantOutput)
    def get(self, request: Request, merchant_id: str) -> Response:
        return Response(ShownMerchantOutput(find_merchant(merchant_id)).data)
