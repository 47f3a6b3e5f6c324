"""Redemptions: money out."""
