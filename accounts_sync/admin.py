"""How the Transactions API is read: coverage, runs, and rows that had to wait."""

from accounts_sync import coverage_pages, deferred_pages, order_moments, run_pages

__all__ = ["coverage_pages", "deferred_pages", "order_moments", "run_pages"]
