"""`manual-file`: people pay by a file, at their bank or wherever, and bring the result back."""

from __future__ import annotations

from datetime import timedelta

from transactions.payouts.providers.protocol import Answer, Order, Reply

NAME = "manual-file"


class ManualFile:
    name = NAME
    label = "A file, paid by people"
    is_by_hand = True
    items_max = 15_000
    remembers_for = timedelta(0)

    def pays(self, method: str) -> bool:  # people pay whatever they can
        return True

    def objection(self, amount_minor: int, currency: str) -> str:
        return ""

    def send(self, order: Order) -> Answer:
        return Answer(reply=Reply.ACCEPTED, why="The file was handed over.")

    def ask(self, order: Order) -> Answer:
        return Answer(reply=Reply.UNTOUCHED, why="Nobody answers but people: upload the result.")
