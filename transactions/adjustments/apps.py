from django.apps import AppConfig


class AdjustmentsConfig(AppConfig):
    name = "transactions.adjustments"
    label = "adjustments"
    verbose_name = "Adjustments: by two people"
