from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "accounts_sync.inbox"
    label = "inbox"
    verbose_name = "Inbox: webhooks"

    def ready(self) -> None:
        from accounts_sync.decisions import ACCEPT_CHANGE, execute_accept  # noqa: PLC0415
        from accounts_sync.inbox import erasing, erasing_files  # noqa: PLC0415
        from rewards_site.approvals import registry  # noqa: PLC0415  # models are loaded now
        from rewards_site.members.erasure import (  # noqa: PLC0415
            Turn,
            register,
            register_finisher,
            register_preparer,
        )

        register("inbox", erasing.erase, turn=Turn.INBOX)
        register_preparer("inbox", erasing.search)
        register("archives", erasing_files.erase, turn=Turn.INBOX)
        register_preparer("archives", erasing_files.search)
        register_finisher("archives", erasing_files.finish)
        registry.register(
            ACCEPT_CHANGE,
            label="accept a change that takes much from a member",
            permission="inbox.decide_deferred",
            execute=execute_accept,
        )
