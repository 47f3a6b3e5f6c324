from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    name = "transactions.releases"
    label = "releases"
    verbose_name = "Release: when final rewards become available"

    def ready(self) -> None:
        from offers import earning  # noqa: PLC0415  # models are loaded now
        from transactions.releases.policy import days_held_back  # noqa: PLC0415

        earning.register_held_back(days_held_back)
