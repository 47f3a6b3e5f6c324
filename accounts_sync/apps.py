from django.apps import AppConfig


class AccountsSyncConfig(AppConfig):
    name = "accounts_sync"
    label = "accounts_sync"
    verbose_name = "Sync: how facts arrive"

    def ready(self) -> None:
        # Models are loaded now.
        from accounts_sync import erasing, health, inspections, metrics  # noqa: PLC0415
        from rewards_site.members.erasure import (  # noqa: PLC0415
            Turn,
            register,
            register_preparer,
        )

        register("deferred rows", erasing.erase, turn=Turn.INBOX)
        register_preparer("deferred rows", erasing.search)
        health.register()
        metrics.register()
        inspections.register()
