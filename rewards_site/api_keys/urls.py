"""Below `api/v1/`."""

from rewards_site.api_keys.api import BackEndMeView
from rewards_site.api_keys.door import back_end_path

urlpatterns = [back_end_path("me/", BackEndMeView, name="back-end-me")]
