"""Adjustments: by two people."""
