"""Orders of the past, rewarded as if a draft had been in force all along, by what pays them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from django.conf import settings
from django.db.models import F, Prefetch

from offers.rules.match import Rule
from offers.rules.models import RuleVersion
from offers.rules.store import rule_history, rule_of
from offers.rules.window import ALWAYS
from rewards_site.button.schemas import APP_INSTALL
from transactions.backtests.figures import Outcome
from transactions.choosing import terms_facts
from transactions.clicked import Naming
from transactions.fold import rewarded
from transactions.models import Transaction, TransactionChild
from transactions.policies import policy_of
from transactions.stored import order_state
from transactions.terms import choose_terms

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Before any order: when the draft is taken to have been published."""
CHUNK = 1_000
_NOBODY = Naming(attribution_field="")
_READ = (
    *("member_id", "merchant_id", "purchased_at", "currency", "category", "is_test", "status"),
    *("commission_minor", "reward_minor", "reward_currency", "account", "revision_count", "flags"),
)


def rules_with(
    draft: RuleVersion, *, starts_at: datetime, ends_at: datetime
) -> tuple[tuple[Rule, ...], bool]:
    """Every other rule as it was, and the draft in the place of all versions of its own; and
    whether it is taken without its window.

    That is so where the window shares no instant with [starts_at, ends_at): a draft for next week
    would tell nothing about the orders of last month.
    """
    mine = replace(rule_of(draft, published_at=EVER), published_at=EVER, withdrawn_at=None)
    window = mine.window
    is_after = window.starts_at is not None and window.starts_at >= ends_at
    is_over = window.ends_at is not None and window.ends_at <= starts_at
    if is_after or is_over:
        mine = replace(mine, window=ALWAYS)
    others = (rule for rule in rule_history() if rule.id != mine.id)
    return (*others, mine), is_after or is_over


def outcomes(
    rules: Sequence[Rule],
    *,
    starts_at: datetime,
    ends_at: datetime,
    tick: Callable[[int], None] = lambda _done: None,
) -> Iterator[Outcome]:
    """Every order bought in [starts_at, ends_at), by member; installs and test money left out.

    Each is rewarded by the rule in force when it was bought, as if nobody had tapped: what was
    frozen with clicks was promised by other rules. `tick` is told how many are done. To be read in
    a snapshot; memory does not grow with the number of orders.
    """
    children = TransactionChild.objects.order_by("pk")
    found = (
        Transaction.objects.filter(
            purchased_at__gte=starts_at, purchased_at__lt=ends_at, is_test=False
        )
        .exclude(category=APP_INSTALL)
        .select_related("account")
        .only(*_READ, "account__share_mode")
        .prefetch_related(Prefetch("children", queryset=children))
        .order_by(F("member_id").asc(nulls_last=True), "pk")
    )

    def history() -> Sequence[Rule]:
        return rules

    for done, row in enumerate(found.iterator(chunk_size=CHUNK), start=1):
        yield _outcome(row, history)
        if done % CHUNK == 0:
            tick(done)


def _outcome(row: Transaction, rules: Callable[[], Sequence[Rule]]) -> Outcome:
    # What it is rewarded by now is none of a back-test's business: it is not even read
    row.terms, row.click_id, row.unrecovered = {}, None, {}
    state = order_state(row, list(row.children.all()), customer_id=None)
    facts = terms_facts(state, _NOBODY)
    terms = choose_terms(facts, policy=policy_of(row.account, rules))
    then = rewarded(replace(state, terms=terms))
    return Outcome(
        member_id=row.member_id,
        merchant_id=row.merchant_id,
        day=row.purchased_at.astimezone(settings.BUSINESS_TIME_ZONE).date(),
        currency=row.currency,
        commission_minor=row.commission_minor,
        now_minor=row.reward_minor,
        now_currency=row.reward_currency,
        then_minor=then.reward_minor,
        then_currency=then.reward_currency,
    )
