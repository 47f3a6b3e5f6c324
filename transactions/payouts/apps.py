from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "transactions.payouts"
    label = "payouts"
    verbose_name = "Payouts: redemptions paid together"

    def ready(self) -> None:
        from rewards_site.approvals import registry  # noqa: PLC0415  # models are loaded now
        from rewards_site.health.registry import register as register_check  # noqa: PLC0415
        from rewards_site.members import erasure  # noqa: PLC0415
        from transactions.payouts import (  # noqa: PLC0415
            deciding,
            erasing,
            health,
            judging,
            queries,
            sending,
        )
        from transactions.payouts.providers import paypal  # noqa: PLC0415
        from transactions.payouts.providers.registry import is_paypal_configured  # noqa: PLC0415
        from transactions.redemptions import batches  # noqa: PLC0415
        from transactions.redemptions.methods import checked_email, register_method  # noqa: PLC0415

        batches.register(batches_at=queries.batches_at, carried=queries.carried)
        register_method(
            paypal.METHOD,
            label="PayPal",
            check_destination=checked_email,
            is_offered=is_paypal_configured,
        )
        erasure.register("payouts", erasing.erase)
        erasure.register_objection("payouts", erasing.objection)
        register_check("payouts", health.check_payouts)
        registry.register(
            sending.SEND_BATCH,
            label="send a payout batch",
            permission="payouts.send_payoutbatch",
            execute=sending.execute_send,
            stale=sending.stale_send,
        )
        registry.register(
            deciding.NEVER_ARRIVED,
            label="say that a payout batch never reached its provider",
            permission="payouts.record_payoutbatch",
            execute=deciding.execute_never_arrived,
            stale=deciding.stale_never_arrived,
        )
        registry.register(
            judging.JUDGE_PAYMENT,
            label="say whether a payment of a batch was made",
            permission="payouts.record_payoutbatch",
            execute=judging.execute_outcome,
            stale=judging.stale_outcome,
        )
