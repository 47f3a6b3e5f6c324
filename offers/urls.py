"""Below `api/v1/`."""

from django.urls import path

from offers.api import MerchantsView, MerchantView
from offers.api_offers import OffersView
from offers.clicks.api import ClicksView, PastClicksView
from rewards_site.api_keys.door import back_end_path

urlpatterns = [
    path("offers/", OffersView.as_view(), name="offers"),
    path("clicks/", ClicksView.as_view(), name="clicks"),
    back_end_path("clicks/", PastClicksView, name="back-end-clicks"),
    path("merchants/", MerchantsView.as_view(), name="merchants"),
    path("merchants/<str:merchant_id>/", MerchantView.as_view(), name="merchant"),
    back_end_path("offers/", OffersView, name="back-end-offers"),
    back_end_path("merchants/", MerchantsView, name="back-end-merchants"),
    back_end_path("merchants/(?P<merchant_id>[^/]+)/", MerchantView, name="back-end-merchant"),
]
