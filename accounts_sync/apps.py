from django.apps import AppConfig


class AccountsSyncConfig(AppConfig):
    name = "accounts_sync"
    label = "accounts_sync"
    verbose_name = "Sync: how facts arrive"
