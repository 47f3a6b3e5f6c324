from django.apps import AppConfig


class RedemptionsConfig(AppConfig):
    name = "transactions.redemptions"
    label = "redemptions"
    verbose_name = "Redemptions: money out"
