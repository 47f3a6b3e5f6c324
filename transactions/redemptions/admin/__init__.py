"""Redemptions, as staff see them: the queue, each with its steps, and what ops limit."""

from transactions.redemptions.admin import limits, others, redemptions

__all__ = ["limits", "others", "redemptions"]
