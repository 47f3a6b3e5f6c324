from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "rewards_site.notifications"
    label = "notifications"
    verbose_name = "Notices: what members are told"
