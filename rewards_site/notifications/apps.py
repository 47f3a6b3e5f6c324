from django.apps import AppConfig

from rewards_site.members import beside, erasure


class NotificationsConfig(AppConfig):
    name = "rewards_site.notifications"
    label = "notifications"
    verbose_name = "Notices: what members are told"

    def ready(self) -> None:
        from rewards_site.notifications import erasing, queries  # noqa: PLC0415  # models are there

        erasure.register("notifications", erasing.erase)
        beside.register_unread(queries.unread_of)
