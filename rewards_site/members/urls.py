"""Below `api/v1/`."""

from django.urls import path

from rewards_site.members.api import MeView

urlpatterns = [path("me/", MeView.as_view(), name="member-me")]
