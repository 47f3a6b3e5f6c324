from django.urls import path

from rewards_site.health import views

app_name = "health"
urlpatterns = [
    path("live/", views.live, name="live"),
    path("ready/", views.ready, name="ready"),
    path("full/", views.full, name="full"),
]
