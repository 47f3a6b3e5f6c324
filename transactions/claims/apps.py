from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    name = "transactions.claims"
    label = "claims"
    verbose_name = "Claims: missing rewards"

    def ready(self) -> None:
        from rewards_site.approvals import registry  # noqa: PLC0415  # models are loaded now
        from rewards_site.members import erasure  # noqa: PLC0415
        from transactions.claims import health  # noqa: PLC0415
        from transactions.claims.erasing import erase  # noqa: PLC0415
        from transactions.claims.goodwill import (  # noqa: PLC0415
            APPROVES_GOODWILL,
            GOODWILL,
            execute_goodwill,
            is_stale,
        )
        from transactions.claims.shown import goodwill_panels  # noqa: PLC0415

        erasure.register("claims", erase)
        health.register()
        registry.register(
            GOODWILL,
            label="give goodwill for a claim",
            permission=APPROVES_GOODWILL,
            execute=execute_goodwill,
            panels=goodwill_panels,
            stale=is_stale,
        )
