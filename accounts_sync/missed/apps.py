from django.apps import AppConfig


class MissedConfig(AppConfig):
    name = "accounts_sync.missed"
    label = "missed"
    verbose_name = "Lost webhooks"

    def ready(self) -> None:
        from accounts_sync.missed import telling  # noqa: PLC0415  # models are loaded now

        telling.register()
