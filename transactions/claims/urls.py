"""Below `api/v1/`: for members, and the reads below `members/{customer_id}/` for the back end."""

from django.urls import path

from rewards_site.api_keys.door import back_end_path
from transactions.claims.api import ClaimsView, ClaimView, PastClaimsView

_UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"

urlpatterns = [
    path("claims/", ClaimsView.as_view(), name="claims"),
    path("claims/<str:claim_id>/", ClaimView.as_view(), name="claim"),
    back_end_path("claims/", PastClaimsView, name="back-end-claims"),
    back_end_path(rf"claims/(?P<claim_id>{_UUID})/", ClaimView, name="back-end-claim"),
]
