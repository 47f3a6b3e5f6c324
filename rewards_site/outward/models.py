"""Outward events: what other systems are told."""
