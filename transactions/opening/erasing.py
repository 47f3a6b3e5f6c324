"""What opening balances say of a person, overwritten."""

from __future__ import annotations

from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import overwrite_texts
from transactions.opening.models import OpeningClosing, OpeningLine


def erase(person: Person) -> int:
    touched = 0
    for name, text in sorted(person.replaced.items()):
        touched += OpeningLine.objects.filter(customer_id=name).update(customer_id=text)
    return touched + overwrite_texts(OpeningClosing, ["reason"], person)
