from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "transactions.activity"
    label = "activity"
    verbose_name = "Activity"
