from django.apps import AppConfig


class AdjustmentsConfig(AppConfig):
    name = "transactions.adjustments"
    label = "adjustments"
    verbose_name = "Adjustments: by two people"

    def ready(self) -> None:
        from rewards_site.approvals import registry  # noqa: PLC0415  # models are loaded now
        from rewards_site.members import erasure  # noqa: PLC0415
        from transactions.adjustments.erasing import erase  # noqa: PLC0415
        from transactions.adjustments.proposals import (  # noqa: PLC0415
            ADJUST_BALANCE,
            APPROVES,
            execute_adjustment,
            is_stale,
        )
        from transactions.adjustments.shown import adjustment_panels  # noqa: PLC0415

        erasure.register("adjustments", erase)
        registry.register(
            ADJUST_BALANCE,
            label="change a member's balance",
            permission=APPROVES,
            execute=execute_adjustment,
            panels=adjustment_panels,
            stale=is_stale,
        )
