"""Merchants, what Button tells of them, and how the catalogue is read."""

from offers.admin import merchants, revisions, runs

__all__ = ["merchants", "revisions", "runs"]
