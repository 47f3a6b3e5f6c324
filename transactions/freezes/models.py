"""Freezes: earns on, redeems nothing."""
