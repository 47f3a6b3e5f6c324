"""`manage.py issue_member_token CUSTOMER_ID [--days N]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rewards_site.kernel import clock
from rewards_site.kernel.errors import InvalidInput
from rewards_site.members.tokens import TokensNotSetUp, issue_token


class Command(BaseCommand):
    """Prints the token and nothing else: `TOKEN=$(manage.py issue_member_token user-42)`."""

    help = (
        "Print a bearer token for the member API, signed with MEMBER_JWT_SECRET (HS256): "
        "where MEMBER_JWT_JWKS_URL alone is set, your own identity provider signs them. "
        "The member need not exist yet. Whoever holds the token is that member until it expires."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer_id", help="the publisher's customer id, such as user-42")
        parser.add_argument(
            "--days", type=int, default=30, help="good for this many days, 1 to 3650 (default 30)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            token = issue_token(options["customer_id"], days=options["days"], at=clock.now())
        except (InvalidInput, TokensNotSetUp) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(token)
