"""Pure: what an order's terms are chosen by, and when they are chosen again.

Also which click an order names, and whether that is its member's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from offers.rules.reward import Terms
from transactions.changes import OTHER_BRANDS_CLICK, OTHERS_CLICK, customer_named
from transactions.clicked import Clicked, Naming, click_named
from transactions.effective import deciding, fact, purchased_at
from transactions.heard import final_at, until
from transactions.order import OrderState
from transactions.states import ChildState, is_older
from transactions.terms import ChooseTerms, Kept, TermsFacts
from transactions.told import Told


def clicked(order: OrderState, naming: Naming) -> OrderState:
    """`order` with the click that it names, if it is its member's."""
    click = click_named(order.children.values(), naming.clicks, merchant_id=order.merchant_id)
    is_theirs = click is not None and click.is_of(order.customer_id, naming.known_as)
    return replace(order, click_id=click.pk if click is not None and is_theirs else None)


def flags_of_click(order: OrderState, naming: Naming) -> list[str]:
    """What ops should know of a reference of ours that does not count."""
    click = naming.clicks.get(fact(order.children.values(), "pub_ref") or "")
    if click is None or order.merchant_id is None:
        return []
    if click.merchant_id != order.merchant_id:
        return [OTHER_BRANDS_CLICK]
    if order.customer_id is not None and order.click_id is None:
        return [OTHERS_CLICK]
    return []


def chosen_terms(
    before: OrderState, order: OrderState, told: Told, naming: Naming, choose: ChooseTerms
) -> Terms:
    """The terms of `order`, which was `before`: chosen again only if it is better known.

    Of a final order that is what was told before it was final, and arrives late. What is told
    later changes no terms, nor does what staff decide then.
    """
    facts = terms_facts(order, naming)
    if before.terms is None:
        return choose(facts)
    known = terms_facts(before, naming)
    if facts == known:
        return before.terms
    end = _final_at(order)
    if end is None:
        return choose(facts)
    if told.decided is not None or is_older(end, told.observation.modified_at):
        return before.terms
    chosen = choose(replace(facts, kept=Kept(terms=before.terms, facts=known)))
    # What members keep of it, though it was moved on, is in the currency that it was given in
    return (
        before.terms
        if before.unrecovered and chosen.is_points != before.terms.is_points
        else chosen
    )


def terms_facts(order: OrderState, naming: Naming) -> TermsFacts:
    """What terms go by: all that Button said of it until it was final."""
    children = until(_final_at(order), order.children.values())
    is_known = fact(children, "merchant_id") is not None
    merchant_id = order.merchant_id if is_known else None
    bought_at = purchased_at(children)
    return TermsFacts(
        purchased_at=bought_at,
        merchant_id=merchant_id,
        click=_click_of_terms(order, children, naming, merchant_id, bought_at),
    )


def _click_of_terms(
    order: OrderState,
    children: list[ChildState],
    naming: Naming,
    merchant_id: str | None,
    bought_at: datetime,
) -> Clicked | None:
    """The click that `children`, as they were told in time, name: of the member it is credited to,
    and before the purchase.
    """
    click = click_named(children, naming.clicks, merchant_id=merchant_id)
    if click is None or not click.is_before(bought_at):
        return None
    whose = order.customer_id
    named = customer_named(order.children.values(), naming, merchant_id=order.merchant_id)
    if whose is not None and (named == whose or _are_one(named, whose, naming.known_as)):
        whose = customer_named(
            children, naming, merchant_id=merchant_id
        )  # what is told too late names nobody
    return click if click.is_of(whose, naming.known_as) else None


def _are_one(name: str | None, other: str, known_as: Mapping[str, int]) -> bool:
    return name is not None and name in known_as and known_as[name] == known_as.get(other)


def _final_at(order: OrderState) -> datetime | None:
    children = order.children.values()
    return final_at(children, deciding(children))
