from django.apps import AppConfig


class FreezesConfig(AppConfig):
    name = "transactions.freezes"
    label = "freezes"
    verbose_name = "Freezes: earns on, redeems nothing"

    def ready(self) -> None:
        from rewards_site.members import erasure  # noqa: PLC0415  # models are loaded now
        from transactions.freezes.erasing import erase  # noqa: PLC0415

        erasure.register("freezes", erase)
