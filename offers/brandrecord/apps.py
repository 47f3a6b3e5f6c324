from django.apps import AppConfig


class BrandRecordConfig(AppConfig):
    name = "offers.brandrecord"
    label = "brandrecord"
    verbose_name = "Expected dates"

    def ready(self) -> None:
        from offers.brandrecord import health  # noqa: PLC0415  # models are loaded now

        health.register()
