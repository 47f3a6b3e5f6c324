"""Claims: missing rewards."""
