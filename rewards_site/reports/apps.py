from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "rewards_site.reports"
    label = "reports"
    verbose_name = "Reports"
