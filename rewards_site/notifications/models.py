"""Notices: what members are told."""
