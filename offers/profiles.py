"""The only writer of profiles and of their revisions: a batch of brands in one commit.

Locks: merchants inserted where missing, sorted; then profiles likewise, and locked by key; then the
merchants whose name changed, sorted (docs/locks.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Field

from offers.differences import Change, changes_between
from offers.models import CatalogRun, Merchant, MerchantProfile, MerchantRevision, RevisionKind
from offers.runs import LONGEST_RUN
from rewards_site.button.brands import FACTS, BrandRow
from rewards_site.kernel.db import atomic, insert_missing, overwrite

WINDOW = "finalization_window_minutes"
WINDOWS_KEPT = 50

_WRITTEN = (
    *FACTS,
    *("facts_since", "window_history", "flags", "row"),
    *("read_at", "changed_at", "unlisted_since", "revision_count"),
)


@dataclass(slots=True, kw_only=True)
class Counts:
    described: int = 0
    changed: int = 0
    relisted: int = 0
    unlisted: int = 0

    def add(self, other: Counts) -> None:
        self.described += other.described
        self.changed += other.changed
        self.relisted += other.relisted
        self.unlisted += other.unlisted


def describe(
    batch: Sequence[BrandRow], *, run: CatalogRun, read_at: datetime, at: datetime
) -> Counts:
    """Take over `batch`, sorted by merchant id, each brand once."""
    with atomic():
        profiles = _lock(batch, read_at=read_at, at=at)
        counts = Counts()
        written: list[MerchantProfile] = []
        seen: list[str] = []
        revisions: list[MerchantRevision] = []
        for told in batch:
            profile = profiles[told.brand.merchant_id]
            if _is_newer(profile, read_at):
                continue
            seen.append(profile.pk)
            changes = changes_between(facts_of(profile), told.brand.facts())
            kind = _kind(profile, changes)
            is_as_kept = profile.row == told.row and profile.flags == list(told.brand.flags)
            if kind is None and is_as_kept:
                continue
            profile.row, profile.flags = told.row, list(told.brand.flags)
            written.append(profile)
            if kind is not None:
                _count(counts, kind)
                _change(profile, changes, read_at=read_at)
                revision = _revision(profile, kind, run=run, changes=changes, at=at)
                revision.row, revision.read_at = told.row, read_at
                revisions.append(revision)
        for profile in written:
            profile.read_at = read_at
        overwrite(written, _WRITTEN)
        MerchantProfile.objects.filter(pk__in=seen).exclude(read_at=read_at).update(read_at=read_at)
        MerchantRevision.objects.bulk_create(revisions)
        _name_merchants(seen, profiles)
    return counts


def unlist(merchant_ids: Sequence[str], *, run: CatalogRun, read_at: datetime, at: datetime) -> int:
    """Mark profiles as not listed any more; how many were not yet, and not listed since."""
    with atomic():
        locked = MerchantProfile.objects.select_for_update(of=("self",), no_key=True)
        listed = locked.filter(pk__in=merchant_ids, unlisted_since=None).order_by("pk")
        gone = [profile for profile in listed if not _is_newer(profile, read_at)]
        revisions = []
        for profile in gone:
            profile.unlisted_since = at
            revision = _revision(profile, RevisionKind.UNLISTED, run=run, changes=[], at=at)
            revision.read_at = read_at
            revisions.append(revision)
        overwrite(gone, ["unlisted_since", "revision_count"])
        MerchantRevision.objects.bulk_create(revisions)
    return len(gone)


def facts_of(profile: MerchantProfile) -> dict[str, Any]:
    """What is known by now, by the names of the facts."""
    return {name: getattr(profile, name) for name in FACTS}


def _lock(
    batch: Sequence[BrandRow], *, read_at: datetime, at: datetime
) -> dict[str, MerchantProfile]:
    ids = [told.brand.merchant_id for told in batch]
    known = set(MerchantProfile.objects.filter(pk__in=ids).values_list("pk", flat=True))
    new = [told for told in batch if told.brand.merchant_id not in known]
    insert_missing(
        Merchant(
            merchant_id=told.brand.merchant_id,
            name=told.brand.name or told.brand.merchant_id,
            first_seen_at=at,
        )
        for told in new
    )
    insert_missing(
        MerchantProfile(
            merchant_id=told.brand.merchant_id, described_at=at, read_at=read_at, changed_at=at
        )
        for told in new
    )
    locked = MerchantProfile.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    return locked.in_bulk(ids)


def _is_newer(profile: MerchantProfile, read_at: datetime) -> bool:
    """Whether another run has read the list after ours; a clock that was set back is no such."""
    return read_at < profile.read_at <= read_at + LONGEST_RUN


def _kind(profile: MerchantProfile, changes: Sequence[Change]) -> RevisionKind | None:
    if profile.revision_count == 0:
        return RevisionKind.DESCRIBED
    if profile.unlisted_since is not None:
        return RevisionKind.RELISTED
    return RevisionKind.CHANGED if changes else None


def _count(counts: Counts, kind: RevisionKind) -> None:
    counts.described += kind is RevisionKind.DESCRIBED
    counts.changed += kind is RevisionKind.CHANGED
    counts.relisted += kind is RevisionKind.RELISTED


def _change(profile: MerchantProfile, changes: Sequence[Change], *, read_at: datetime) -> None:
    since = read_at.astimezone(UTC).isoformat()
    for change in changes:
        column = MerchantProfile._meta.get_field(change.field)
        assert isinstance(column, Field)
        value = change.after if change.after is not None or column.null else column.get_default()
        setattr(profile, change.field, value)
        profile.facts_since[change.field] = since
        if change.field == WINDOW:
            history = [*profile.window_history, [since, change.after]]
            profile.window_history = history[-WINDOWS_KEPT:]
    profile.unlisted_since = None
    profile.changed_at = read_at


def _revision(
    profile: MerchantProfile,
    kind: RevisionKind,
    *,
    run: CatalogRun,
    changes: Sequence[Change],
    at: datetime,
) -> MerchantRevision:
    profile.revision_count += 1
    return MerchantRevision(
        merchant_id=profile.pk,
        number=profile.revision_count,
        kind=kind,
        run=run,
        changes=[change.as_json() for change in changes],
        recorded_at=at,
    )


def _name_merchants(merchant_ids: Sequence[str], profiles: dict[str, MerchantProfile]) -> None:
    """The merchant is called what its profile says; an order's word counts only without one."""
    merchants = Merchant.objects.filter(pk__in=merchant_ids).order_by("pk")
    renamed = []
    for merchant in merchants:
        name = profiles[merchant.pk].name
        if name and merchant.name != name:
            merchant.name = name
            renamed.append(merchant)
    overwrite(renamed, ["name"])
