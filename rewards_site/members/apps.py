from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "rewards_site.members"
    label = "members"
    verbose_name = "Members"

    def ready(self) -> None:
        from rewards_site.members.erasing import (  # noqa: PLC0415  # models are loaded now
            erase_members,
            erase_staff_log,
        )
        from rewards_site.members.erasure import Turn, register  # noqa: PLC0415

        register("members", erase_members, turn=Turn.MEMBERS)
        register("staff log", erase_staff_log)
