"""Reward rules as ops see them: rules, their versions, who changed what."""

from offers.rules.admin import changes, merchants, rules, versions

__all__ = ["changes", "merchants", "rules", "versions"]
