from django.apps import AppConfig


class TransactionsConfig(AppConfig):
    name = "transactions"
    label = "transactions"
    verbose_name = "Transactions: what was earned"

    def ready(self) -> None:
        from offers import earning  # noqa: PLC0415  # models are loaded now
        from rewards_site.approvals import registry  # noqa: PLC0415
        from transactions import budgets, metrics  # noqa: PLC0415
        from transactions.attribution import MOVE_ORDER, execute_move  # noqa: PLC0415
        from transactions.button_accounts import no_account_pays  # noqa: PLC0415

        metrics.register()
        budgets.register()
        earning.register(no_account_pays)

        registry.register(
            MOVE_ORDER,
            label="move an order to another member",
            permission="transactions.move_transaction",
            execute=execute_move,
        )
        self._forget_people()
        self._offer_reports()

    @staticmethod
    def _forget_people() -> None:
        from rewards_site.members.erasure import (  # noqa: PLC0415  # models are loaded now
            Turn,
            register,
            register_preparer,
        )
        from transactions import erasing  # noqa: PLC0415

        register("orders", erasing.erase, turn=Turn.ORDERS)
        register_preparer("orders", erasing.search, turn=Turn.PROPOSALS)  # others look by them

    @staticmethod
    def _offer_reports() -> None:
        from rewards_site.reports import registry  # noqa: PLC0415  # models are loaded now
        from transactions.reports.earnings import EARNINGS  # noqa: PLC0415
        from transactions.reports.journal import JOURNAL  # noqa: PLC0415
        from transactions.reports.liability import LIABILITY  # noqa: PLC0415
        from transactions.reports.lines import LINES  # noqa: PLC0415
        from transactions.reports.orders import TRANSACTIONS  # noqa: PLC0415
        from transactions.reports.pending_aging import PENDING_AGING  # noqa: PLC0415
        from transactions.reports.rate_audit import RATE_AUDIT  # noqa: PLC0415
        from transactions.reports.redemptions import REDEMPTIONS  # noqa: PLC0415

        orders = TRANSACTIONS, LINES, RATE_AUDIT
        for report in (LIABILITY, EARNINGS, PENDING_AGING, *orders, JOURNAL, REDEMPTIONS):
            registry.register(report)
