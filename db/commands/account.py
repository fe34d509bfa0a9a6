"""The account of a folder: what was judged, what lies there besides and why it was not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from db.commands.console import Console
from engine.domain.inspection import Outcome
from engine.images.listing import LOUD, LeftOut, Listing, counts, in_words, remedies
from engine.names import name_of
from engine.sources.base import FrameSource
from engine.sources.files.folder import FolderSource
from engine.system.files import write_atomically

SCHEMA = 1
NAMED = 40
"""So many files a report names; `--json` has them all."""


def listing_of(source: FrameSource) -> Listing | None:
    """What the folder of this source held when it was opened; None where it reads no folder."""
    return source.listing if isinstance(source, FolderSource) else None


def account(source: FrameSource, *, advise: bool = True) -> list[str]:
    """`120 pictures; left out 7: …`, and what to do about it; nothing where all that is there was read."""
    listing = listing_of(source)
    if listing is None or not listing.left_out:
        return []
    advice = remedies(listing.left_out) if advise else []
    return [f"{_pictures(source.total or len(listing.pictures))}; {in_words(listing.left_out)}", *advice]


def facts_of(left_out: Sequence[LeftOut]) -> dict[str, str]:
    """For a report: how many, and the names of those that somebody may take for judged."""
    if not left_out:
        return {}
    loud = [left.name for left in left_out if left.why in LOUD]
    more = f" and {len(loud) - NAMED} more" if len(loud) > NAMED else ""
    facts = {"Left out": in_words(left_out).removeprefix("left out ")}
    return facts | ({"Not judged": ", ".join(loud[:NAMED]) + more} if loud else {})


def write_account(path: Path, given: str, console: Console, source: FrameSource) -> None:
    """The whole account as one object (docs/jsonl.md). Raises StorageError."""
    listing = listing_of(source)
    left_out = () if listing is None else listing.left_out
    document = {
        "schema": SCHEMA,
        "input": name_of(given),
        "ended": bool(console.stopped and console.stopped.ended),
        "ended_early": console.stopped.reason if console.stopped else "",
        "pictures": source.total,
        "judged": console.tally.total,
        "unknown": console.tally.unknown,
        "verdicts": {str(outcome): console.tally.outcomes[outcome] for outcome in Outcome},
        "unreadable": [{"path": skipped.name, "reason": skipped.reason} for skipped in console.unreadable],
        "left_out": dict(counts(left_out)),
        "files_left_out": [{"path": left.name, "left_out": left.why} for left in left_out],
    }
    write_atomically(path, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())


def _pictures(count: int) -> str:
    return f"{count} picture{'s' if count != 1 else ''}"
