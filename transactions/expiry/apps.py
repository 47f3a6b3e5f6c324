from django.apps import AppConfig


class ExpiryConfig(AppConfig):
    name = "transactions.expiry"
    label = "expiry"
    verbose_name = "Expiry of idle balances"
