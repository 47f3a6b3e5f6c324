from django.apps import AppConfig


class FreezesConfig(AppConfig):
    name = "transactions.freezes"
    label = "freezes"
    verbose_name = "Freezes: earns on, redeems nothing"
