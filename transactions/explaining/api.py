"""`GET balances/{currency}/explanation/`, and what `GET transactions/{id}/` explains."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.kernel import clock
from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.kernel.api.paging import NewestNumberFirst
from rewards_site.kernel.api.schema import PAGING, PageOutput
from rewards_site.kernel.api.seek import Seek, SeekRows
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.kernel.currencies import UnknownCurrency, exponent_of
from rewards_site.kernel.errors import NotFound
from rewards_site.members.tokens import identity_of
from transactions.explaining import api_examples as examples
from transactions.explaining.parts import Where
from transactions.explaining.telling import (
    BalancePart,
    BrandHistory,
    Explained,
    OrderExplanation,
    explain_balances,
    tell_parts,
)

BALANCES = ["pending", "available", "redeeming", "paid_out"]


class BrandRecordOutput(serializers.Serializer[BrandHistory]):
    """How long the store's earlier orders took from purchase to available."""

    sample_size = serializers.IntegerField(help_text="So many confirmed orders it rests on.")
    usual_days = serializers.IntegerField(help_text="Half of them were available by then.")
    range_days = serializers.ListField(
        child=serializers.IntegerField(), help_text="Eight of ten fell into these days."
    )
    kept_percent = serializers.IntegerField(
        allow_null=True,
        help_text="Of later orders, so many of a hundred were available within what was expected.",
    )


class PromisedOutput(serializers.Serializer[dict[str, Any]]):
    """What was shown at the tap."""

    type = serializers.ChoiceField(choices=["percent", "fixed", "points"])
    value = serializers.CharField(help_text="Percent of the order, major units, or points.")
    currency = serializers.CharField(allow_null=True)


class WhereOutput(serializers.Serializer[Where]):
    """Where the order's reward is; the six add up to it."""

    pending = serializers.IntegerField()
    available = serializers.IntegerField()
    redeeming = serializers.IntegerField()
    paid_out = serializers.IntegerField()
    expired = serializers.IntegerField()
    corrected = serializers.IntegerField(
        help_text="Taken by a correction; below 0 where other money stood in for it."
    )


class RedeemedOutput(serializers.Serializer[dict[str, Any]]):
    """What of it went out with one redemption."""

    redemption = serializers.UUIDField()
    amount = serializers.IntegerField()


class ExplanationOutput(serializers.Serializer[OrderExplanation]):
    """Why the reward stands where it stands, and what can change it; in minor units."""

    why = serializers.CharField()
    expected_basis = serializers.ChoiceField(
        choices=["history", "window", "release"],
        allow_null=True,
        help_text="What `expected_available_at` rests on: the store's earlier orders, the time "
        "that it takes by its own word, or our waiting time.",
    )
    brand_record = BrandRecordOutput(allow_null=True)
    promised = PromisedOutput(allow_null=True)
    can_change = serializers.ListField(child=serializers.CharField())
    parts = WhereOutput()
    redemptions = RedeemedOutput(many=True)
    activity = serializers.ListField(
        child=serializers.UUIDField(), help_text="The `id`s of the items of `activity/` about it."
    )


class BalancePartOutput(serializers.Serializer[BalancePart]):
    """Some money of one origin in one balance, in minor units of the currency."""

    balance = serializers.ChoiceField(choices=BALANCES)
    amount = serializers.IntegerField(min_value=1)
    origin = serializers.ChoiceField(
        choices=["order", "opening", "adjustment", "other"],
        help_text="`opening`: brought along from another system.",
    )
    transaction = serializers.UUIDField(allow_null=True)
    store = serializers.CharField(allow_null=True)
    redemption = serializers.UUIDField(
        allow_null=True, help_text="By which it is being paid out, or was."
    )
    since = WireTimeField(help_text="When it was first booked into a balance like this.")
    why = serializers.CharField()
    expected_available_at = WireTimeField(allow_null=True)


class TotalsOutput(serializers.Serializer[dict[str, int]]):
    """The balances: what the parts of each add up to over all pages."""

    pending = serializers.IntegerField(min_value=0)
    available = serializers.IntegerField(min_value=0)
    redeeming = serializers.IntegerField(min_value=0)
    paid_out = serializers.IntegerField(min_value=0)


class BalanceExplanationOutput(PageOutput):
    """Of what the balances in one currency consist, the newest part first."""

    currency = serializers.CharField()
    totals = TotalsOutput()
    results = BalancePartOutput(many=True)


_PART = BalancePartOutput()


class BalanceExplanationView(PrivateAPIView):
    """Of what each balance consists, to the cent: from which orders, and what else, it comes."""

    tag = "money"

    @extend_schema(
        summary="Balances explained",
        parameters=PAGING,
        responses=BalanceExplanationOutput,
        examples=[examples.BALANCE_EXPLAINED],
    )
    def get(self, request: Request, currency: str) -> Response:
        _must_be_a_currency(currency)
        customer_id = identity_of(request).customer_id
        explained = explain_balances(customer_id, currency, at=clock.now())
        paging = NewestNumberFirst()
        page = paging.page_of(_rows(explained), request, view=self)
        answer = paging.get_paginated_response([_PART.to_representation(part) for part in page])
        answer.data = {"currency": currency, "totals": explained.totals, **answer.data}
        return answer


def _rows(explained: Explained) -> SeekRows[BalancePart]:
    """The parts for NewestNumberFirst: only those of the page are told in words."""

    def read(seek: Seek) -> list[BalancePart]:
        numbers = list(range(1, len(explained.lots) + 1))
        if not seek.is_ascending:
            numbers.reverse()
        if seek.position is not None:
            place = int(seek.position)
            numbers = [
                number
                for number in numbers
                if (number > place if seek.is_ascending else number < place)
            ]
        return tell_parts(explained, numbers=numbers[: seek.limit])

    return SeekRows(read)


def _must_be_a_currency(currency: str) -> None:
    """Raises: NotFound."""
    try:
        exponent_of(currency)
    except UnknownCurrency:
        raise NotFound(_("There is no such currency.")) from None
