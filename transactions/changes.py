"""Pure: what Button tells of a known order that makes it somebody else's, or of another kind.

Such a change of member, brand or category waits for staff; told.Ruling is what they say to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from rewards_site.button.schemas import APP_INSTALL, TransactionObservation
from rewards_site.members.customer_ids import is_customer_id
from transactions.clicked import Naming, click_named
from transactions.effective import fact
from transactions.order import OrderState
from transactions.states import ChildState, is_older
from transactions.told import Ruling, Told

BAD_NAME = "the customer id told is not one (1-255 characters of ASCII 0x21-0x7E)"
OTHERS_CLICK = "the pub_ref told is of a click of somebody else: it counts for nothing"
BY_SETTING = frozenset({BAD_NAME, OTHERS_CLICK})
"""The flags that depend on a setting: on which field names the customer."""
OTHER_BRANDS_CLICK = "the pub_ref told is of a click at another brand: it counts for nothing"


def changes_told(
    order: OrderState,
    child: ChildState,
    told: Told,
    naming: Naming,
) -> dict[str, str]:
    """Field → a sentence, for each change that people must look at.

    `child` is the one told of as it is afterwards. What is older than the known word on a field
    changes nothing. What was told before is no change, either: where staff
    decided against it, Button may go on saying so without asking them again. Nor is another
    customer id of the same member, as `naming.known_as` has it.
    """
    observation = told.observation
    changes = {}
    category = observation.category
    known = order.children.get(observation.tx_id)
    is_late = known is not None and is_older(observation.modified_at, known.modified_at)
    if category != order.category and not is_late and not _was_told(order, "category", category):
        changes["category"] = f"the category changed from {order.category} to {category}"
    brand = _news(order, child, "merchant_id", observation.merchant_id)
    if brand and order.merchant_id not in (None, brand):
        changes["merchant_id"] = f"the brand changed from {order.merchant_id} to {brand}"
    named = _newly_named(order, child, observation, naming)
    if named and order.customer_id and not _are_same(named, order.customer_id, naming.known_as):
        changes["customer_id"] = "the member changed"
    return changes


def _newly_named(
    order: OrderState,
    child: ChildState,
    observation: TransactionObservation,
    naming: Naming,
) -> str | None:
    """The customer id that this observation names, if that is the newest word and was not told."""
    name = _name_field(naming.attribution_field)
    named = _news(order, child, name, _names(observation, naming.attribution_field))
    if named in naming.clicks:
        named = None
    if named or not _click_names(naming.attribution_field):
        return named
    children = (child, *order.children.values())
    is_named = name != "pub_ref" and any(name in known.facts for known in children)
    ref = None if is_named else _news(order, child, "pub_ref", observation.pub_ref)
    click = naming.clicks.get(ref or "")
    merchant_id = order.merchant_id or observation.merchant_id
    return click.customer_id if click and click.merchant_id == merchant_id else None


def _are_same(name: str, other: str, known_as: Mapping[str, int]) -> bool:
    return name == other or (name in known_as and known_as[name] == known_as.get(other))


def _news(order: OrderState, child: ChildState, name: str, value: str | None) -> str | None:
    """`value` of the field `name`, if it is the newest word and was not told before."""
    if value is None or name not in child.facts or child.facts[name][0] != value:
        return None
    return None if _was_told(order, name, value) else value


def _was_told(order: OrderState, name: str, value: str) -> bool:
    known = (other.facts.get(name) for other in order.children.values())
    return any(fact and fact[0] == value for fact in known)


def ruled(
    order: OrderState,
    child: ChildState,
    told: Told,
    changes: Mapping[str, str],
    naming: Naming,
) -> OrderState:
    """`order` with the changes that staff accepted."""
    observation = told.observation
    if told.decided is None or told.decided.ruling is not Ruling.ACCEPTED:
        return order
    before = order
    if "category" in changes:
        order = replace(order, category=observation.category)
    if "merchant_id" in changes:
        order = replace(order, merchant_id=observation.merchant_id)
    if "customer_id" in changes:
        named = _newly_named(before, child, observation, naming)
        order = replace(order, customer_id=named)
    if order.category == APP_INSTALL:
        order = replace(order, customer_id=None)
    return order


def customer_named(
    children: Collection[ChildState], naming: Naming, *, merchant_id: str | None
) -> str | None:
    """The customer id that Button's words name; None when they name nobody.

    With `either` the publisher_customer_id comes first; a `pub_ref` names the member of a click of
    ours at that merchant, and a bare one names nobody.
    """
    field_name = _name_field(naming.attribution_field)
    name = fact(children, field_name) if field_name else None
    if is_customer_id(name) and name not in naming.clicks:
        return str(name)
    if not _click_names(naming.attribution_field):
        return None
    click = click_named(children, naming.clicks, merchant_id=merchant_id)
    return click.customer_id if click is not None else None


def _click_names(attribution_field: str) -> bool:
    """Whether the member of a click is named by a `pub_ref`.

    Also where a `pub_ref` is a customer id: one that we minted for a click of ours is none.
    """
    return attribution_field in ("pub_ref", "either", "pub_ref_is_customer_id")


def has_bad_name(observation: TransactionObservation, attribution_field: str) -> bool:
    """Whether what stands where the customer is named cannot be a customer id."""
    name = _field(observation, attribution_field)
    return name is not None and not is_customer_id(name)


def _names(observation: TransactionObservation, attribution_field: str) -> str | None:
    """The customer id this observation alone names, if it may be one."""
    if observation.category == APP_INSTALL:
        return None
    name = _field(observation, attribution_field)
    return name if is_customer_id(name) else None


def _name_field(attribution_field: str) -> str:
    """The field that names the customer; empty where none does."""
    match attribution_field:
        case "pub_ref_is_customer_id":
            return "pub_ref"
        case "publisher_customer_id" | "either":
            return "publisher_customer_id"
        case _:
            return ""


def _field(observation: TransactionObservation, attribution_field: str) -> str | None:
    """What stands in the field that names the customer, valid or not."""
    name = _name_field(attribution_field)
    return getattr(observation, name) if name else None
