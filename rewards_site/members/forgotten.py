"""The list of erased customer ids: keyed hashes, and the texts that stand in their places.

Every process keeps it in memory, so that asking it costs no statement; whoever stores what was told
compares the list's edition within the same transaction (edition_sql) and starts again with the list
as it is by now, where it has grown. While nobody was ever erased, it answers at once.
docs/decisions/0099.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rewards_site.kernel import seal_keys
from rewards_site.kernel.errors import NotFound
from rewards_site.kernel.keyed_hash import HashKey, hash_key
from rewards_site.members.customer_ids import is_customer_id
from rewards_site.members.models import ErasedName

_PURPOSE = "erased customer ids"
EDITION_SQL = "(SELECT text FROM members_erasedname ORDER BY id DESC LIMIT 1)"
"""The edition of the list, as part of any statement: its latest text, null while it is empty."""


class MemberErased(NotFound):
    """Who was erased comes back by no customer id of theirs."""

    code = "member_erased"

    def __init__(self) -> None:
        super().__init__("This customer id was erased: it names nobody any more.")


class ListGrew(Exception):
    """Somebody was erased since the list was read: refresh(), and begin again."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The list as it was at one moment."""

    edition: str | None = None
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    """(key id, hash) → text."""
    key_ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.texts)

    def text_for(self, told: object) -> str | None:
        """What stands in the place of `told`, if that is an erased customer id; else None."""
        if not self.texts or not is_customer_id(told):
            return None
        assert isinstance(told, str)
        for key in _keys():
            text = self.texts.get((key.key_id, key.hash(told))) if self._has(key) else None
            if text is not None:
                return text
        return None

    def _has(self, key: HashKey) -> bool:
        return key.key_id in self.key_ids

    def check(self, edition: str | None) -> None:
        """Raises: ListGrew, if `edition`, as the database has it, is not this one's."""
        if edition != self.edition:
            raise ListGrew


_known = Forgotten()


def known() -> Forgotten:
    """The list as this process knows it; asks nothing."""
    return _known


def refresh() -> Forgotten:
    """The list as it is now, in one statement."""
    global _known  # noqa: PLW0603  # replaced as a whole: whoever reads it meanwhile has the old one
    rows = list(ErasedName.objects.order_by("pk").values_list("key_id", "hash", "text"))
    _known = Forgotten(
        edition=rows[-1][2] if rows else None,
        texts={(key_id, digest): text for key_id, digest, text in rows},
        key_ids=frozenset(row[0] for row in rows),
    )
    return _known


def current() -> Forgotten:
    """The list as it is now; one short statement where it has not grown since it was known.

    Ask it after the first write, or lock, of a transaction that stores what was told: who erases
    waits for all those that have begun to write (waiting.py), and for no others.
    """
    return _known if edition_now() == _known.edition else refresh()


def edition_now() -> str | None:
    """As EDITION_SQL, in a statement of its own."""
    return ErasedName.objects.order_by("-pk").values_list("text", flat=True).first()


def refuse_erased(customer_ids: Iterable[str]) -> None:
    """Raises: MemberErased, if any of them was erased. In one statement, and none for none."""
    names = list(customer_ids)
    if names:
        listed = current()
        if any(listed.text_for(name) for name in names):
            raise MemberErased


def hashed(customer_id: str) -> tuple[str, str]:
    """(key id, hash) by the first key: how a customer id is written on the list."""
    key = _keys()[0]
    return key.key_id, key.hash(customer_id)


def lost_keys() -> set[str]:
    """Key ids on the list whose secret is not in force: what they hashed is not known again."""
    listed = set(ErasedName.objects.values_list("key_id", flat=True).distinct())
    return listed - {key.key_id for key in _keys()}


def _keys() -> list[HashKey]:
    return [hash_key(secret, _PURPOSE) for secret in seal_keys.in_force()]
