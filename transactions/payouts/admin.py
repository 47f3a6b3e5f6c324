"""Payouts in the admin: registered here, told in admin_*.py."""

from transactions.payouts import admin_batches, admin_evidence, admin_items, admin_landing

__all__ = ["admin_batches", "admin_evidence", "admin_items", "admin_landing"]
