"""Confirmed parts sorted out before they teach: copies dropped, contradictions held back, and what belongs together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from db.datasets.samples import Confirmed, Unusable
from engine.domain.inspection import Outcome

Grouping = Literal["lot", "part", "none"]

FEW_LOTS = 5
"""With fewer lots, whole lots cannot be shared out among training, validation and test."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """`kept` teach. `copies`: pictures that are there already, left out. `conflicts`: pictures (all their copies) of
    which different things were said: none of them teaches until somebody decides."""

    kept: tuple[Confirmed, ...]
    copies: tuple[Confirmed, ...]
    conflicts: tuple[tuple[Confirmed, ...], ...]

    @property
    def held_back(self) -> tuple[Confirmed, ...]:
        """Every part in a conflict."""
        return tuple(part for conflict in self.conflicts for part in conflict)

    def reason(self, part: Confirmed) -> str:
        """Why a part is not among the kept; empty = it is. For the report."""
        for conflict in self.conflicts:
            if part in conflict:
                other = next(p for p in conflict if p is not part and _differ([p, part]))
                return f"the same picture is called something else in part {other.stored.inspection.id}"
        return "its picture is there already" if part in self.copies else ""


def sift(parts: Sequence[Confirmed]) -> Sifted:
    """Sort parts out by their pixels: of copies the one said last is kept. Parts without any picture are kept as is."""
    alike: dict[str, list[Confirmed]] = defaultdict(list)
    for number, part in enumerate(parts):
        alike[_pixels_key(part) or f"part {number}"].append(part)
    kept, copies, conflicts = [], [], []
    for same in alike.values():
        if _differ(same):
            conflicts.append(tuple(same))
            continue
        # Where only some copies name the class of the defect, a named one says more.
        *others, last = sorted(same, key=lambda p: (bool(p.override.label), p.override.at))
        kept.append(last)
        copies += others
    order = {id(part): number for number, part in enumerate(parts)}
    return Sifted(tuple(sorted(kept, key=lambda p: order[id(p)])), tuple(copies), tuple(conflicts))


def grouping_of(parts: Sequence[Confirmed]) -> Grouping:
    """What must not be torn apart when the parts are split: whole lots where there are enough of them, so that
    neighbours on the line do not leak from training into test; else part numbers, where they are known."""
    lots = {p.stored.inspection.traveller.lot for p in parts} - {""}
    if len(lots) >= FEW_LOTS:
        return "lot"
    return "part" if any(p.stored.inspection.traveller.part for p in parts) else "none"


def group_of(part: Confirmed, grouping: Grouping) -> str:
    """The group of one part; empty = alone."""
    traveller = part.stored.inspection.traveller
    if grouping == "lot" and traveller.lot:
        return f"lot {traveller.lot}"
    return traveller.part


def check_has_picture(part: Confirmed) -> None:
    """Raises Unusable where it can be seen without opening anything that the part's picture is not to be had."""
    if part.stored.image is None and part.pixels_sha256 is None:
        raise Unusable("its picture was not archived")


def _pixels_key(part: Confirmed) -> str:
    """What equal pictures share: the digest of the pixels where it was taken, else of the archived file."""
    return part.pixels_sha256 or part.image_sha256 or ""


def _differ(parts: Sequence[Confirmed]) -> bool:
    outcomes = {p.override.outcome for p in parts}
    named = {p.override.label for p in parts if p.override.label and p.override.outcome is Outcome.NG}
    return len(outcomes) > 1 or len(named) > 1
