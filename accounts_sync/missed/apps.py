from django.apps import AppConfig


class MissedConfig(AppConfig):
    name = "accounts_sync.missed"
    label = "missed"
    verbose_name = "Missed webhooks"
