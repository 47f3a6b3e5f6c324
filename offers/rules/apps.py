from django.apps import AppConfig


class RulesConfig(AppConfig):
    name = "offers.rules"
    label = "rules"
    verbose_name = "Reward rules"

    def ready(self) -> None:
        from offers.rules import health  # noqa: PLC0415  # models are loaded now
        from offers.rules.promotions import (  # noqa: PLC0415
            APPROVES,
            PUBLISH_PROMOTION,
            execute_promotion,
            stale,
        )
        from offers.rules.shown import promotion_panels  # noqa: PLC0415
        from rewards_site.approvals import registry  # noqa: PLC0415

        health.register()
        registry.register(
            PUBLISH_PROMOTION,
            label="publish a promotion",
            permission=APPROVES,
            execute=execute_promotion,
            panels=promotion_panels,
            stale=stale,
        )
