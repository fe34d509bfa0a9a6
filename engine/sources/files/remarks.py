"""What a folder's source has to say of what it does not read."""

from __future__ import annotations

from engine.images.listing import LOUD, Listing, Why, counts, reason_words, remedy_of, unread_kinds
from engine.sources.base import SourceRemark


def not_judged(listing: Listing) -> tuple[SourceRemark, ...]:
    """One remark for each reason for which something is left out that somebody may take for judged."""
    found = counts(listing.left_out)
    return tuple(_remark(listing, why, found[why]) for why in LOUD if why in found)


def _remark(listing: Listing, why: Why, count: int) -> SourceRemark:
    many = f"{count}: {unread_kinds(listing.left_out)}" if why is Why.UNREAD else str(count)
    return SourceRemark(f"Not judged in {listing.folder}: {reason_words(why, 2)} ({many}).", remedy_of(why))
