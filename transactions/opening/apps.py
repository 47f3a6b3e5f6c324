from django.apps import AppConfig


class OpeningConfig(AppConfig):
    name = "transactions.opening"
    label = "opening"
    verbose_name = "Opening balances: what members brought along"

    def ready(self) -> None:
        from rewards_site.members.erasure import register  # noqa: PLC0415  # models are loaded now
        from transactions.opening.erasing import erase  # noqa: PLC0415

        register("opening balances", erase)
