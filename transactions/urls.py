"""Below `api/v1/`: for members, and the same below `members/{customer_id}/` for the back end."""

from django.urls import path

from rewards_site.api_keys.door import back_end_path
from transactions.api import ActivityView, BalancesView, TransactionsView, TransactionView
from transactions.explaining.api import BalanceExplanationView

_UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"

urlpatterns = [
    path("balances/", BalancesView.as_view(), name="member-balances"),
    path(
        "balances/<str:currency>/explanation/",
        BalanceExplanationView.as_view(),
        name="member-balance-explanation",
    ),
    path("transactions/", TransactionsView.as_view(), name="member-transactions"),
    path(
        "transactions/<str:transaction_id>/", TransactionView.as_view(), name="member-transaction"
    ),
    path("activity/", ActivityView.as_view(), name="member-activity"),
    back_end_path("balances/", BalancesView, name="back-end-balances"),
    back_end_path(
        r"balances/(?P<currency>[A-Z]{3})/explanation/",
        BalanceExplanationView,
        name="back-end-balance-explanation",
    ),
    back_end_path("transactions/", TransactionsView, name="back-end-transactions"),
    back_end_path(
        rf"transactions/(?P<transaction_id>{_UUID})/", TransactionView, name="back-end-transaction"
    ),
    back_end_path("activity/", ActivityView, name="back-end-activity"),
]
