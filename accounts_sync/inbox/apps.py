from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "accounts_sync.inbox"
    label = "inbox"
    verbose_name = "Inbox: webhooks"

    def ready(self) -> None:
        from accounts_sync.decisions import ACCEPT_CHANGE, execute_accept  # noqa: PLC0415
        from rewards_site.approvals import registry  # noqa: PLC0415  # models are loaded now

        registry.register(
            ACCEPT_CHANGE,
            label="accept a change that takes much from a member",
            permission="inbox.decide_deferred",
            execute=execute_accept,
        )
