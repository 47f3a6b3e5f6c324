"""Finance's reports of what was earned: liability, transactions, journal (docs/finance.md)."""
