"""The one list of URL prefixes; wiring by string."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from rewards_site.health.scraping import metrics
from rewards_site.kernel.api.problems import not_found

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", include("rewards_site.staff_otp.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("rewards_site.kernel.api.urls")),
    path("api/v1/", include("rewards_site.members.urls")),
    path("api/v1/", include("rewards_site.api_keys.urls")),
    path("api/v1/", include("rewards_site.notifications.urls")),
    path("api/v1/", include("offers.urls")),
    path("api/v1/", include("transactions.urls")),
    path("api/v1/", include("transactions.redemptions.urls")),
    path("api/v1/", include("transactions.claims.urls")),
    re_path(r"^api/", not_found),
    path("health/", include("rewards_site.health.urls")),
    re_path(r"^metrics/?$", metrics),
    path("reports/", include("rewards_site.reports.urls")),
    path("webhooks/", include("accounts_sync.inbox.urls")),
]

_problems = "rewards_site.kernel.api.problems"
handler400 = f"{_problems}.handler400"
handler404 = f"{_problems}.handler404"
handler500 = f"{_problems}.handler500"
