"""`GET balances/`, `GET transactions/`, `GET transactions/{id}/`, `GET activity/`."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.kernel import clock
from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.kernel.api.paging import NewestFirst, NewestNumberFirst
from rewards_site.kernel.api.schema import PAGING, PageOutput
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.kernel.errors import InvalidInput
from rewards_site.members.tokens import identity_of
from transactions import api_examples as examples
from transactions.explaining.api import ExplanationOutput
from transactions.explaining.telling import explain_order
from transactions.history import HistoryStep, MemberStatus
from transactions.passbook import ActivityItem, ActivityKind, activity_of, item_of
from transactions.statement import (
    Balance,
    StatementLine,
    StatementMerchant,
    StatementTransaction,
    balances_of,
    find_transaction,
    statement_of,
    transactions_of,
)

STATUSES = [status.value for status in MemberStatus]
ACTIVITY_KINDS = [kind.value for kind in ActivityKind]


class BalanceOutput(serializers.Serializer[Balance]):
    """A member's money in one currency, in its minor units."""

    currency = serializers.CharField(help_text="ISO 4217, or `PTS` for points.")
    pending = serializers.IntegerField(help_text="Reported by stores; may still change or go.")
    available = serializers.IntegerField(help_text="The member's, to be redeemed.")
    redeeming = serializers.IntegerField(help_text="Asked for, not paid yet.")
    paid_out = serializers.IntegerField(help_text="Paid, since the beginning.")
    lifetime_earned = serializers.IntegerField(
        help_text="Final rewards and approved adjustments since the beginning; never reduced."
    )


class BalancesOutput(serializers.Serializer[dict[str, list[Balance]]]):
    """By currency; not paged, a member has few."""

    results = BalanceOutput(many=True)


class MerchantOutput(serializers.Serializer[StatementMerchant]):
    merchant_id = serializers.CharField()
    name = serializers.CharField()


class LineOutput(serializers.Serializer[StatementLine]):
    """A line of the order, amounts in minor units of `order_currency`."""

    description = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    quantity = serializers.IntegerField(allow_null=True)
    amount = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)


class HistoryOutput(serializers.Serializer[HistoryStep]):
    """A change of the reward, in minor units of its currency, and why in words."""

    at = WireTimeField()
    status = serializers.ChoiceField(choices=STATUSES)
    reward = serializers.IntegerField(source="reward_minor")
    change = serializers.IntegerField(source="change_minor")
    why = serializers.CharField()


class TransactionOutput(serializers.Serializer[StatementTransaction]):
    """An order with its reward."""

    id = serializers.UUIDField()
    button_order_id = serializers.CharField(allow_null=True)
    merchant = MerchantOutput(allow_null=True)
    order_total = serializers.IntegerField(allow_null=True)
    order_currency = serializers.CharField(allow_null=True)
    reward = serializers.IntegerField()
    currency = serializers.CharField(help_text="Of the reward.")
    status = serializers.ChoiceField(choices=STATUSES)
    purchased_at = WireTimeField()
    expected_available_at = WireTimeField(allow_null=True)
    available_at = WireTimeField(allow_null=True)
    click_id = serializers.CharField(allow_null=True)
    lines = LineOutput(many=True)
    history = HistoryOutput(many=True)


class ExplainedTransactionOutput(TransactionOutput):
    """The same, alone: with why its reward stands where it stands."""

    explanation = ExplanationOutput()


class TransactionPageOutput(PageOutput):
    """The member's orders, newest first by when we first recorded them."""

    results = TransactionOutput(many=True)


class ActivityOutput(serializers.Serializer[ActivityItem]):
    """One booking: what it did to the balances of one currency, in its minor units.

    Of each currency, the changes of all items add up to the balances; each item's `…_after` are the
    balances once it was booked.
    """

    id = serializers.UUIDField()
    number = serializers.IntegerField(
        min_value=1, help_text="Counted per member over all currencies: 1, 2, 3 …, without gaps."
    )
    at = WireTimeField()
    kind = serializers.ChoiceField(
        choices=ACTIVITY_KINDS,
        help_text="More kinds may come: show `description` for one that you do not know.",
    )
    currency = serializers.CharField()
    pending_change = serializers.IntegerField()
    available_change = serializers.IntegerField()
    pending_after = serializers.IntegerField(min_value=0)
    available_after = serializers.IntegerField(min_value=0)
    transaction = serializers.UUIDField(
        allow_null=True, help_text="The `id` of the order that it is about, if it is about one."
    )
    redemption = serializers.UUIDField(
        allow_null=True, help_text="The `id` of the redemption that it is about, if any."
    )
    description = serializers.CharField(help_text="One sentence for the member.")


class ActivityPageOutput(PageOutput):
    """The member's ledger as a statement, the highest number first."""

    results = ActivityOutput(many=True)


# Made once: to copy a serializer's fields for each answer takes longer than to fill them.
_BALANCES, _TRANSACTION, _ITEM = BalancesOutput(), TransactionOutput(), ActivityOutput()
_EXPLANATION = ExplanationOutput()


class BalancesView(PrivateAPIView):
    """What the member has, one row a currency. No row where the member never had money."""

    tag = "money"

    @extend_schema(summary="Balances", responses=BalancesOutput, examples=[examples.BALANCES])
    def get(self, request: Request) -> Response:
        balances = balances_of(identity_of(request).customer_id)
        return Response(_BALANCES.to_representation({"results": balances}))


class TransactionsView(PrivateAPIView):
    """The member's orders with their rewards, newest first by when we first recorded them.

    Installs, test orders and orders that could not be matched to a member are not in it.
    """

    tag = "money"

    @extend_schema(
        summary="Orders",
        parameters=[
            *PAGING,
            OpenApiParameter("status", str, enum=STATUSES, description="Only these."),
        ],
        responses=TransactionPageOutput,
        examples=[examples.TRANSACTIONS],
    )
    def get(self, request: Request) -> Response:
        paging = NewestFirst()
        rows = transactions_of(
            identity_of(request).customer_id,
            status=_read_status(request.query_params.get("status")),
        )
        page = paging.page_of(rows, request, view=self)
        return paging.get_paginated_response(
            [_TRANSACTION.to_representation(statement_of(row)) for row in page]
        )


class TransactionView(PrivateAPIView):
    """One of the member's orders."""

    tag = "money"

    @extend_schema(
        summary="One order",
        responses=ExplainedTransactionOutput,
        examples=[examples.TRANSACTION],
    )
    def get(self, request: Request, transaction_id: str) -> Response:
        row = find_transaction(identity_of(request).customer_id, transaction_id)
        explained = _EXPLANATION.to_representation(explain_order(row, at=clock.now()))
        return Response(
            {**_TRANSACTION.to_representation(statement_of(row)), "explanation": explained}
        )


class ActivityView(PrivateAPIView):
    """The member's ledger as a statement: every booking, the latest first."""

    tag = "money"

    @extend_schema(
        summary="Activity",
        parameters=PAGING,
        responses=ActivityPageOutput,
        examples=[examples.ACTIVITY],
    )
    def get(self, request: Request) -> Response:
        paging = NewestNumberFirst()
        rows = activity_of(identity_of(request).customer_id)
        page = paging.page_of(rows, request, view=self)
        return paging.get_paginated_response(
            [_ITEM.to_representation(item_of(row)) for row in page]
        )


def _read_status(text: str | None) -> MemberStatus | None:
    """Raises: InvalidInput."""
    if text is None:
        return None
    try:
        return MemberStatus(text)
    except ValueError:
        message = _("This is one of: pending, available, declined.")
        raise InvalidInput(_("There is no such status."), fields={"status": message}) from None
