"""Who pays: `manual-file` always, `paypal` where its settings are there."""

from __future__ import annotations

from django.conf import settings

from transactions.payouts.providers import paypal
from transactions.payouts.providers.manual_file import ManualFile
from transactions.payouts.providers.paypal import PayPal
from transactions.payouts.providers.protocol import Provider


def is_paypal_configured() -> bool:
    return bool(settings.PAYPAL_CLIENT_ID and settings.PAYPAL_CLIENT_SECRET)


def providers() -> list[Provider]:
    """Those that could pay now."""
    found: list[Provider] = [ManualFile()]
    if is_paypal_configured():
        found.append(
            PayPal(
                base_url=settings.PAYPAL_API_URL,
                client_id=settings.PAYPAL_CLIENT_ID,
                secret=settings.PAYPAL_CLIENT_SECRET,
            )
        )
    return found


def provider_of(name: str) -> Provider | None:
    """None: it is not configured (any more)."""
    return next((one for one in providers() if one.name == name), None)


def label_of(name: str) -> str:
    labels = {paypal.NAME: PayPal.label, ManualFile.name: ManualFile.label}
    return labels.get(name, name)
