"""Missed webhooks."""
