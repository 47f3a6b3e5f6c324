from django.apps import AppConfig


class ClicksConfig(AppConfig):
    name = "offers.clicks"
    label = "clicks"
    verbose_name = "Clicks: what was promised at a tap"

    def ready(self) -> None:
        from offers.clicks.erasing import erase  # noqa: PLC0415  # models are loaded now
        from rewards_site.members.erasure import register  # noqa: PLC0415

        register("clicks", erase)
