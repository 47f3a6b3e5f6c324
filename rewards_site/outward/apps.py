from django.apps import AppConfig


class OutwardConfig(AppConfig):
    name = "rewards_site.outward"
    label = "outward"
    verbose_name = "Outward events: what other systems are told"

    def ready(self) -> None:
        # Models are loaded now.
        from rewards_site.members import erasure  # noqa: PLC0415
        from rewards_site.outward import erasing, health  # noqa: PLC0415

        health.register()
        erasure.register("outward", erasing.erase)
