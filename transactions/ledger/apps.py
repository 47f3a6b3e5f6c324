from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "transactions.ledger"
    label = "ledger"
    verbose_name = "Ledger"
