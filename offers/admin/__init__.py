"""Merchants, what Button tells of them and ops decide, and how the catalogue is read."""

from offers.admin import looks, merchants, revisions, runs

__all__ = ["looks", "merchants", "revisions", "runs"]
