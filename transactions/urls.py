"""Below `api/v1/`."""

from django.urls import path

from transactions.api import BalancesView, TransactionsView, TransactionView

urlpatterns = [
    path("balances/", BalancesView.as_view(), name="member-balances"),
    path("transactions/", TransactionsView.as_view(), name="member-transactions"),
    path(
        "transactions/<str:transaction_id>/", TransactionView.as_view(), name="member-transaction"
    ),
]
