"""What is overwritten of notices when a person is forgotten."""

from __future__ import annotations

from rewards_site.members.erasure import Person
from rewards_site.notifications.models import Notice


def erase(person: Person) -> int:
    """Empty the facts: a masked destination or a sentence for the member may stand there.

    All else is kept: amounts, kinds, ids of ours and times name nobody (news.FACTS).
    """
    told = Notice.objects.filter(member_id__in=person.row_ids).exclude(facts={})
    return told.update(facts={})
