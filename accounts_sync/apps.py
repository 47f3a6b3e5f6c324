from django.apps import AppConfig


class AccountsSyncConfig(AppConfig):
    name = "accounts_sync"
    label = "accounts_sync"
    verbose_name = "Sync: how facts arrive"

    def ready(self) -> None:
        from accounts_sync import health  # noqa: PLC0415  # models are loaded now

        health.register()
