"""Brands for tests of their waits: orders as values, and pure worlds of many orders."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from transactions.brand_record.waits import DAY_SECONDS, Fate, Seen


def order(
    bought_day: float,
    *,
    validated_after: float | None = None,
    declined_after: float | None = None,
    reported_after: float = 0,
) -> Seen:
    """An order bought that many days after the world began; pending where nothing ended it."""
    bought = int(bought_day * DAY_SECONDS)
    after = validated_after if validated_after is not None else declined_after
    fate = (
        Fate.VALIDATED
        if validated_after is not None
        else Fate.DECLINED
        if declined_after is not None
        else Fate.PENDING
    )
    return Seen(
        bought=bought,
        reported=bought + int(reported_after * DAY_SECONDS),
        fate=fate,
        ended=bought + int(after * DAY_SECONDS) if after is not None else 0,
    )


def lived_through(
    days: Iterable[int],
    wait_days: Callable[[int, random.Random], float],
    *,
    a_day: int = 4,
    declined_share: float = 0.1,
    seed: int = 1,
) -> list[Seen]:
    """A brand's orders as they end at last: `a_day`, each waiting as `wait_days` draws for its day.

    as_known() then tells what of it was known when.
    """
    chance = random.Random(seed)  # a simulation
    orders = []
    for day in days:
        for _ in range(a_day):
            bought_day = day + chance.random()
            if chance.random() < declined_share:
                orders.append(order(bought_day, declined_after=chance.uniform(1, 25)))
            else:
                orders.append(order(bought_day, validated_after=wait_days(day, chance)))
    return orders
