"""`make demo`: one staff member for each role that a demonstration needs, and members' tokens.

Names and passwords come from DEMO_STAFF as JSON: {"ops": ["Ops", "password"]}; whom to make a token
for from DEMO_MEMBERS: ["member-1"]. Prints the tokens: {"member-1": token}.
"""

from __future__ import annotations

import json
import os
import sys

import django

if __name__ == "__main__":
    django.setup()

from django.contrib.auth.models import Group, User

from rewards_site.kernel import clock
from rewards_site.members.tokens import issue_token

TOKEN_DAYS = 30


def make_staff(wanted: dict[str, tuple[str, str]]) -> None:
    """Username → role and password. An empty role makes a superuser."""
    for username, (role, password) in wanted.items():
        user = User(username=username, email=f"{username}@example.com", is_staff=True)
        user.is_superuser = not role
        user.set_password(password)
        user.save()
        if role:
            user.groups.add(Group.objects.get(name=role))


def tokens_of(members: list[str]) -> dict[str, str]:
    at = clock.now()
    return {member: issue_token(member, days=TOKEN_DAYS, at=at) for member in members}


if __name__ == "__main__":
    make_staff(json.loads(os.environ["DEMO_STAFF"]))
    json.dump(tokens_of(json.loads(os.environ["DEMO_MEMBERS"])), sys.stdout)
