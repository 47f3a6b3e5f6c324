from django.apps import AppConfig


class RedemptionsConfig(AppConfig):
    name = "transactions.redemptions"
    label = "redemptions"
    verbose_name = "Redemptions: money out"

    def ready(self) -> None:
        from rewards_site.approvals import registry  # noqa: PLC0415  # models are loaded now
        from rewards_site.members import erasure  # noqa: PLC0415
        from transactions.redemptions import approving, erasing  # noqa: PLC0415
        from transactions.redemptions.shown import approval_panels  # noqa: PLC0415

        erasure.register("redemptions", erasing.erase)
        erasure.register_objection("redemptions", erasing.objection)
        registry.register(
            approving.APPROVE_REDEMPTION,
            label="approve a redemption above the limit of one person",
            permission="redemptions.approve_redemption",
            execute=approving.execute_approval,
            panels=approval_panels,
            stale=approving.stale,
        )
