from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "transactions.payouts"
    label = "payouts"
    verbose_name = "Payouts: redemptions sent"
