from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "rewards_site.approvals"
    label = "approvals"
    verbose_name = "Approvals"
