"""Below `api/v1/`: for members, and the same below `members/{customer_id}/` for the back end."""

from django.urls import path

from rewards_site.api_keys.door import back_end_path
from rewards_site.api_keys.scopes import Scope
from transactions.redemptions.api import RedemptionCancelView, RedemptionsView, RedemptionView

_UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_WRITES = Scope.REDEMPTIONS_WRITE

urlpatterns = [
    path("redemptions/", RedemptionsView.as_view(), name="member-redemptions"),
    path("redemptions/<str:redemption_id>/", RedemptionView.as_view(), name="member-redemption"),
    path(
        "redemptions/<str:redemption_id>/cancel/",
        RedemptionCancelView.as_view(),
        name="member-redemption-cancel",
    ),
    back_end_path(
        "redemptions/", RedemptionsView, name="back-end-redemptions", write_scope=_WRITES
    ),
    back_end_path(
        rf"redemptions/(?P<redemption_id>{_UUID})/", RedemptionView, name="back-end-redemption"
    ),
    back_end_path(
        rf"redemptions/(?P<redemption_id>{_UUID})/cancel/",
        RedemptionCancelView,
        name="back-end-redemption-cancel",
        scope=_WRITES,
    ),
]
