from django.apps import AppConfig


class BacktestsConfig(AppConfig):
    name = "transactions.backtests"
    label = "backtests"
    verbose_name = "Back-tests of reward rules"

    def ready(self) -> None:
        from transactions.backtests import gate  # noqa: PLC0415  # models are loaded now

        gate.register()
