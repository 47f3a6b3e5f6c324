from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "accounts_sync.inbox"
    label = "inbox"
    verbose_name = "Inbox: webhooks"
