from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "offers.decisions"
    label = "rate_decisions"
    verbose_name = "Rate decisions: what members were shown"

    def ready(self) -> None:
        from offers.decisions import health  # noqa: PLC0415  # models are loaded now

        health.register()
