from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "rewards_site.health"
    label = "health"
    verbose_name = "Health"

    def ready(self) -> None:
        from rewards_site.health import checks, registry  # noqa: PLC0415  # models are loaded now

        registry.register("worker", checks.worker_is_wrong)
