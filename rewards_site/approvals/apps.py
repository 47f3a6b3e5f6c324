from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "rewards_site.approvals"
    label = "approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        from rewards_site.approvals.erasing import erase  # noqa: PLC0415  # models are loaded now
        from rewards_site.members.erasure import Turn, register  # noqa: PLC0415

        register("approvals", erase, turn=Turn.PROPOSALS)
