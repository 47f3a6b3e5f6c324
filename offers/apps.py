from django.apps import AppConfig


class OffersConfig(AppConfig):
    name = "offers"
    label = "offers"
    verbose_name = "Offers: what can be earned"

    def ready(self) -> None:
        from offers import health  # noqa: PLC0415  # models are loaded now

        health.register()
