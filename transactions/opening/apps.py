from django.apps import AppConfig


class OpeningConfig(AppConfig):
    name = "transactions.opening"
    label = "opening"
    verbose_name = "Opening balances: what members brought along"
