"""What was earned, as staff read it; naming a member and the share mode are all they may do."""

from transactions.admin import accounts, members, orders, paid_with, revisions

__all__ = ["accounts", "members", "orders", "paid_with", "revisions"]
