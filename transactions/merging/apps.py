from django.apps import AppConfig


class MergingConfig(AppConfig):
    name = "transactions.merging"
    label = "merging"
    verbose_name = "Customer ids: renamed and merged"

    def ready(self) -> None:
        from rewards_site.approvals import registry  # noqa: PLC0415  # models are loaded now
        from rewards_site.members.erasure import (  # noqa: PLC0415
            Turn,
            register,
            register_objection,
        )
        from transactions.merging import erasing  # noqa: PLC0415
        from transactions.merging.panels import is_stale, merge_panels  # noqa: PLC0415
        from transactions.merging.proposals import (  # noqa: PLC0415
            MERGE_CUSTOMERS,
            RENAME_CUSTOMER,
            execute_merge,
            execute_rename,
        )

        register("renames", erasing.erase, turn=Turn.PROPOSALS)
        register_objection("renames", erasing.objection)
        registry.register(
            RENAME_CUSTOMER,
            label="give a member another customer id",
            permission="members.rename_member",
            execute=execute_rename,
        )
        registry.register(
            MERGE_CUSTOMERS,
            label="merge two members into one",
            permission="members.merge_member",
            execute=execute_merge,
            panels=merge_panels,
            stale=is_stale,
        )
