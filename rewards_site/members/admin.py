"""Members, as staff look them up. Balances and transactions are added by the rooms above."""

from __future__ import annotations

from django.contrib import admin

from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.service import ServiceAdmin, Verb
from rewards_site.members.models import CustomerIdChange, ErasedName, Erasure, Member


@admin.register(Member)
class MemberAdmin(ServiceAdmin[Member]):
    list_display = ("customer_id", "same_as", "created_at", "public_id")
    list_select_related = ("same_as",)
    linked_by = ("same_as",)
    search_fields = ("=customer_id", "=public_id")
    search_help_text = "A whole customer id, former ones included, or a whole member id."
    fieldsets = ((None, {"fields": ("customer_id", "same_as", "public_id", "created_at")}),)
    headings = {
        "public_id": "member id",
        "created_at": "first seen",
        "same_as": "stands for",
    }
    when_empty = (
        "No member yet. A member is made when Button first tells an order with their customer id, "
        "or when they first call the API with a token."
    )


def add_verbs(*verbs: Verb[Member]) -> None:
    """Rooms above say what staff may do to a member."""
    MemberAdmin.verbs = (*MemberAdmin.verbs, *verbs)


@admin.register(CustomerIdChange)
class CustomerIdChangeAdmin(ReadOnlyAdmin[CustomerIdChange]):
    list_display = ("changed_at", "kind", "alias", "member", "actor", "approver", "reason")
    list_select_related = ("alias", "member", "actor", "approver")
    linked_by = ("member", "alias")
    search_fields = ("=alias__customer_id", "=member__customer_id")
    search_help_text = "A whole customer id, as it is now."
    fieldsets = (
        (None, {"fields": ("kind", "alias", "member", "changed_at")}),
        ("Who and why", {"fields": ("actor", "approver", "reason")}),
    )
    headings = {"alias": "customer id given up", "member": "stands for"}
    intro = "Customer ids that were renamed, and members that were merged: each by two people."
    when_empty = "No customer id was ever renamed or merged. Both are verbs on a member's page."


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin[Erasure]):
    list_display = ("begun_at", "member", "erased_at", "erased_by", "actor")
    list_select_related = ("member", "actor")
    linked_by = ("member",)
    search_fields = ("=member__public_id",)
    search_help_text = "A whole member id."
    fieldsets = (
        (None, {"fields": ("member", "begun_at", "erased_at")}),
        ("Who had it done", {"fields": ("erased_by", "actor")}),
        ("What was overwritten", {"fields": ("counts", "files", "under_way")}),
    )
    headings = {
        "begun_at": "on the list since",
        "erased_at": "overwritten",
        "erased_by": "run by",
        "counts": "rows, by room",
        "files": "files still to be deleted",
        "under_way": "under way",
    }
    intro = (
        "People who were forgotten, by `manage.py erase_member`. One not overwritten yet was "
        "stopped half-way: nothing is taken in under their customer ids; run the command again."
    )
    when_empty = "Nobody was erased. `manage.py erase_member CUSTOMER_ID` does it: docs/erasure.md."


@admin.register(ErasedName)
class ErasedNameAdmin(ReadOnlyAdmin[ErasedName]):
    list_display = ("text", "erasure", "key_id")
    list_select_related = ("erasure",)
    linked_by = ("erasure",)
    search_fields = ("=text",)
    search_help_text = "A whole text, such as erased-0123…"
    fieldsets = ((None, {"fields": ("text", "erasure", "key_id", "hash")}),)
    headings = {"text": "stands in its place", "key_id": "key", "hash": "keyed hash"}
    intro = "What stands in the place of each erased customer id, and by what that is known again."
    when_empty = "No customer id was erased."
