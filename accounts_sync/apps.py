from django.apps import AppConfig


class AccountsSyncConfig(AppConfig):
    name = "accounts_sync"
    label = "accounts_sync"
    verbose_name = "Sync: how facts arrive"

    def ready(self) -> None:
        # Models are loaded now.
        from accounts_sync import health, inspections, metrics  # noqa: PLC0415

        health.register()
        metrics.register()
        inspections.register()
