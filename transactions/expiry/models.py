"""Expiry of idle balances."""
