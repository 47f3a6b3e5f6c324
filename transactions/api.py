"""`GET balances/`, `GET transactions/`, `GET transactions/{id}/`."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rewards_site.kernel.api.fields import WireTimeField
from rewards_site.kernel.api.paging import NewestFirst
from rewards_site.kernel.api.views import PrivateAPIView
from rewards_site.kernel.errors import InvalidInput
from rewards_site.members.tokens import identity_of
from transactions.history import HistoryStep, MemberStatus
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


class BalanceOutput(serializers.Serializer[Balance]):
    """A member's money in one currency, in its minor units."""

    currency = serializers.CharField()
    pending = serializers.IntegerField()
    available = serializers.IntegerField()
    redeeming = serializers.IntegerField()
    paid_out = serializers.IntegerField()
    lifetime_earned = serializers.IntegerField()


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
    status = serializers.CharField()
    reward = serializers.IntegerField(source="reward_minor")
    change = serializers.IntegerField(source="change_minor")
    why = serializers.CharField()


class TransactionOutput(serializers.Serializer[StatementTransaction]):
    """An order with its reward; the same in the list and alone."""

    id = serializers.UUIDField()
    button_order_id = serializers.CharField(allow_null=True)
    merchant = MerchantOutput(allow_null=True)
    order_total = serializers.IntegerField(allow_null=True)
    order_currency = serializers.CharField(allow_null=True)
    reward = serializers.IntegerField()
    currency = serializers.CharField()
    status = serializers.CharField()
    purchased_at = WireTimeField()
    expected_available_at = WireTimeField(allow_null=True)
    available_at = WireTimeField(allow_null=True)
    click_id = serializers.CharField(allow_null=True)
    lines = LineOutput(many=True)
    history = HistoryOutput(many=True)


class BalancesView(PrivateAPIView):
    """What the member has, one row a currency."""

    def get(self, request: Request) -> Response:
        balances = balances_of(identity_of(request).customer_id)
        return Response(BalancesOutput({"results": balances}).data)


class TransactionsView(PrivateAPIView):
    """The member's orders, newest first."""

    def get(self, request: Request) -> Response:
        paging = NewestFirst()
        rows = transactions_of(
            identity_of(request).customer_id,
            status=_read_status(request.query_params.get("status")),
        )
        page = paging.paginate_queryset(rows, request, view=self) or []
        statements = [statement_of(row) for row in page]
        output = serializers.ListSerializer(statements, child=TransactionOutput())
        return paging.get_paginated_response(output.data)


class TransactionView(PrivateAPIView):
    """One of the member's orders."""

    def get(self, request: Request, transaction_id: str) -> Response:
        row = find_transaction(identity_of(request).customer_id, transaction_id)
        return Response(TransactionOutput(statement_of(row)).data)


def _read_status(text: str | None) -> MemberStatus | None:
    """Raises: InvalidInput."""
    if text is None:
        return None
    try:
        return MemberStatus(text)
    except ValueError:
        message = _("This is one of: pending, available, declined.")
        raise InvalidInput(_("There is no such status."), fields={"status": message}) from None
