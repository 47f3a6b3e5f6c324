"""`make demo`: one staff member for each role that a demonstration needs.

Names and passwords come from DEMO_STAFF as JSON: {"ops": ["Ops", "password"]}.
"""

from __future__ import annotations

import json
import os

import django

if __name__ == "__main__":
    django.setup()

from django.contrib.auth.models import Group, User


def make_staff(wanted: dict[str, tuple[str, str]]) -> None:
    """Username → role and password. An empty role makes a superuser."""
    for username, (role, password) in wanted.items():
        user = User(username=username, email=f"{username}@example.com", is_staff=True)
        user.is_superuser = not role
        user.set_password(password)
        user.save()
        if role:
            user.groups.add(Group.objects.get(name=role))


if __name__ == "__main__":
    make_staff(json.loads(os.environ["DEMO_STAFF"]))
