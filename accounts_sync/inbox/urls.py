"""Included under `webhooks/`. Both spellings are answered: a redirect would lose Button's body."""

from django.urls import path

from accounts_sync.inbox.views import button_webhook

urlpatterns = [
    path("button/", button_webhook, name="button-webhook"),
    path("button", button_webhook),
]
