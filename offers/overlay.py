"""What ops decide about how members see merchants. The only writer of overlays."""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from offers.models import (
    CATEGORIES_MAX,
    CATEGORY_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    Merchant,
    MerchantOverlay,
    OverlayChange,
)
from rewards_site.kernel.db import atomic, insert_missing, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound

log = logging.getLogger(__name__)

_NAME_LENGTH_MAX = 255
_POSITION_MAX = 1_000_000
_REASON_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How members see a merchant, as ops decides it. By default as Button tells it."""

    shown_name: str = ""
    is_switched_off: bool = False
    is_featured: bool = False
    position: int | None = None
    categories: tuple[str, ...] = ()
    note: str = ""


DECIDED = tuple(item.name for item in fields(Look))


def decide_look(
    *, merchant_id: str, look: Look, actor: AbstractBaseUser, reason: str, at: datetime
) -> OverlayChange:
    """Have members see the merchant so from now on; the whole look is decided.

    Locks the overlay. Raises: NotFound; InvalidInput; Conflict (it is so already).
    """
    look = _checked(look)
    return _decide(merchant_id, _as_stored(look), actor=actor, reason=reason, at=at)


def switch(
    *, merchant_id: str, is_off: bool, actor: AbstractBaseUser, reason: str, at: datetime
) -> OverlayChange:
    """Switch the merchant off, or on again; all else that was decided stays.

    Locks the overlay. Raises: NotFound; InvalidInput (no reason); Conflict (it is so already).
    """
    told = {"is_switched_off": is_off}
    return _decide(merchant_id, told, actor=actor, reason=reason, at=at)


def look_of(overlay: MerchantOverlay | None) -> Look:
    if overlay is None:
        return Look()
    told = {name: getattr(overlay, name) for name in DECIDED}
    return Look(**told | {"categories": tuple(overlay.categories)})


def _decide(
    merchant_id: str, told: dict[str, Any], *, actor: AbstractBaseUser, reason: str, at: datetime
) -> OverlayChange:
    reason = reason.strip()
    if not 0 < len(reason) <= _REASON_LENGTH_MAX:
        sentence = f"A reason is needed, of at most {_REASON_LENGTH_MAX} characters."
        raise InvalidInput(sentence, fields={"reason": sentence})

    def decide() -> OverlayChange:
        with atomic():
            overlay = _locked(merchant_id, at=at)
            changes = [
                {"field": name, "before": getattr(overlay, name), "after": value}
                for name, value in told.items()
                if getattr(overlay, name) != value
            ]
            if not changes:
                raise Conflict("Members see the merchant so already.")
            for name, value in told.items():
                setattr(overlay, name, value)
            overlay.changed_at = at
            overlay.change_count += 1
            overlay.save(update_fields=[*told, "changed_at", "change_count"])
            return OverlayChange.objects.create(
                merchant_id=merchant_id,
                number=overlay.change_count,
                changes=changes,
                actor_id=actor.pk,
                reason=reason,
                changed_at=at,
            )

    change = retry_deadlocks(decide)
    fields_changed = [one["field"] for one in change.changes]
    log.info("merchants.decided", extra={"merchant": merchant_id, "fields": fields_changed})
    return change


def _locked(merchant_id: str, *, at: datetime) -> MerchantOverlay:
    """Raises: NotFound."""
    if "\x00" in merchant_id or not Merchant.objects.filter(pk=merchant_id).exists():
        raise NotFound("There is no such merchant.")
    insert_missing([MerchantOverlay(merchant_id=merchant_id, changed_at=at)])
    return MerchantOverlay.objects.select_for_update(of=("self",), no_key=True).get(pk=merchant_id)


def _as_stored(look: Look) -> dict[str, Any]:
    told = {name: getattr(look, name) for name in DECIDED}
    return told | {"categories": list(look.categories)}


def _checked(look: Look) -> Look:
    """Trimmed, each category once. Raises: InvalidInput."""
    wrong: dict[str, str] = {}
    categories = tuple(dict.fromkeys(" ".join(text.split()) for text in look.categories))
    categories = tuple(text for text in categories if text)
    texts = (look.shown_name, look.note, *categories)
    if any("\x00" in text for text in texts):
        wrong[""] = "A text holds a character that cannot be kept."
    if len(look.shown_name.strip()) > _NAME_LENGTH_MAX:
        wrong["shown_name"] = f"At most {_NAME_LENGTH_MAX} characters."
    if look.position is not None and not 1 <= look.position <= _POSITION_MAX:
        wrong["position"] = f"1 to {_POSITION_MAX:,}, or empty."
    if len(categories) > CATEGORIES_MAX:
        wrong["categories"] = f"At most {CATEGORIES_MAX} categories."
    elif any(len(text) > CATEGORY_LENGTH_MAX for text in categories):
        wrong["categories"] = f"A category has at most {CATEGORY_LENGTH_MAX} characters."
    if len(look.note) > NOTE_LENGTH_MAX:
        wrong["note"] = f"At most {NOTE_LENGTH_MAX} characters."
    if wrong:
        raise InvalidInput(" ".join(wrong.values()), fields=wrong)
    return Look(
        shown_name=look.shown_name.strip(),
        is_switched_off=look.is_switched_off,
        is_featured=look.is_featured,
        position=look.position,
        categories=categories,
        note=look.note.strip(),
    )
