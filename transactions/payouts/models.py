"""Payouts: redemptions sent."""
