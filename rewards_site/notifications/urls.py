"""Below `api/v1/`: for members, and the reads below `members/{customer_id}/` for the back end."""

from django.urls import path

from rewards_site.api_keys.door import back_end_path
from rewards_site.notifications.api import NotificationsReadView, NotificationsView

urlpatterns = [
    path("notifications/", NotificationsView.as_view(), name="member-notifications"),
    path("notifications/read/", NotificationsReadView.as_view(), name="member-notifications-read"),
    back_end_path("notifications/", NotificationsView, name="back-end-notifications"),
]
