from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    name = "rewards_site.api_keys"
    label = "api_keys"
    verbose_name = "API keys"

    def ready(self) -> None:
        from rewards_site.api_keys import schema  # noqa: F401, PLC0415  # registers itself
