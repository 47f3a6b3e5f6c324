"""A person being forgotten, as the guards of tables see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rewards_site.kernel.db import atomic
from rewards_site.members.erasing import UNDER_WAY
from rewards_site.members.models import Erasure, Member
from tests.factories import NOON


@contextmanager
def erasure_under_way() -> Iterator[None]:
    """In one transaction, as erase_member has it."""
    with atomic():
        row = Erasure.objects.create(
            member=Member.objects.order_by("pk")[0],
            erased_by="somebody",
            begun_at=NOON,
            under_way_id=UNDER_WAY,
        )
        yield
        Erasure.objects.filter(pk=row.pk).update(under_way=None, erased_at=NOON)
