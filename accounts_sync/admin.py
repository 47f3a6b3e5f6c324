"""How the Transactions API is read: coverage, runs, and rows that had to wait."""

from accounts_sync import claim_evidence, coverage_pages, deferred_pages, order_moments, run_pages

__all__ = ["claim_evidence", "coverage_pages", "deferred_pages", "order_moments", "run_pages"]
