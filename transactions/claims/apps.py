from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    name = "transactions.claims"
    label = "claims"
    verbose_name = "Claims: missing rewards"
