from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "rewards_site.health"
    label = "health"
    verbose_name = "Health"

    def ready(self) -> None:
        # Models are loaded now; importing the advice registers its checks.
        import rewards_site.health.advice  # noqa: F401, PLC0415
        from rewards_site.health import (  # noqa: PLC0415
            erasures,
            inspections,
            metrics,
            notices,
            queue,
            registry,
            token_inspections,
        )

        registry.register("worker", queue.worker_is_wrong)
        registry.register("failed tasks", queue.tasks_are_wrong)
        registry.register("alert delivery", notices.delivery_is_wrong)
        registry.register("erasures", erasures.erasures_are_wrong)
        metrics.register("health", metrics.collect_health)
        metrics.register("queue", queue.collect)
        inspections.register_own()
        inspections.register("members' tokens", token_inspections.inspect_tokens, order=20)
