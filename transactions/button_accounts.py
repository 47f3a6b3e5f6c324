"""What ops decide about a Button account."""

from __future__ import annotations

import logging

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from transactions.models import ButtonAccount, ShareMode

log = logging.getLogger(__name__)


def no_account_pays() -> bool:
    """Whether every Button account is one whose orders pay members nothing; one query.

    False where none is known: the first order of a new one is shared.
    """
    modes = set(ButtonAccount.objects.values_list("share_mode", flat=True).distinct())
    return modes == {ShareMode.PUBLISHER}


def set_share_mode(
    *, account_id: str, share_mode: str, actor: AbstractBaseUser, reason: str
) -> ButtonAccount:
    """Decide who gets the commission of orders that are first seen from now on.

    Orders known by now keep their terms. The staff log is written in the same commit. Locks the
    account. Raises: NotFound; InvalidInput (no such mode, no reason); Conflict (it is so already).
    """
    if share_mode not in ShareMode.values:
        raise InvalidInput("There is no such share mode.", fields={"share_mode": "not a mode"})
    if not reason.strip():
        raise InvalidInput("A reason is needed.", fields={"reason": "may not be empty"})
    with atomic():
        account = (
            ButtonAccount.objects.select_for_update(no_key=True, of=("self",))
            .filter(pk=account_id)
            .first()
        )
        if account is None:
            raise NotFound("There is no such Button account.")
        before = account.share_mode
        if before == share_mode:
            raise Conflict(f"The share mode is {share_mode} already.")
        account.share_mode = share_mode
        account.save(update_fields=["share_mode"])
        LogEntry.objects.create(
            user_id=actor.pk,
            content_type=ContentType.objects.get_for_model(ButtonAccount),
            object_id=account.pk,
            object_repr=str(account)[:200],
            action_flag=CHANGE,
            change_message=f"Share mode {before} → {share_mode}. Reason: {reason.strip()}",
        )
    log.info(
        "button_account.share_mode_set",
        extra={"account": account_id, "before": before, "after": share_mode, "actor": actor.pk},
    )
    return account
