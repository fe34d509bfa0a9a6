"""Parts, as presenters see them: judged, stored, overruled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.inspections.paging import Stored
from engine.domain.inspection import (
    FrameRef,
    Inspection,
    ModelRef,
    Outcome,
    Override,
    RecipeRef,
    Region,
    Scores,
    Times,
    Traveller,
    Verdict,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def inspection(
    id_: str = "1", outcome: Outcome = Outcome.OK, label: str = "", *, at: float = 0.0, regions: int = 0
) -> Inspection:
    """A part judged `at` seconds after noon, with so many regions; its number is its id."""
    when = NOON + timedelta(seconds=at)
    found = tuple(Region(label, 0.9, (10 * i, 0, 5, 5), 25.0) for i in range(regions))
    return Inspection(
        id_,
        FrameRef("demo:", int(id_), when),
        Scores(("sound", "scratch"), (0.5, 0.5)),
        found,
        Verdict(outcome, label, 0.5, ()),
        ModelRef("bolts", "ab12"),
        RecipeRef("", "", ""),
        Traveller(),
        Times(when),
    )


def override(of: str = "1", outcome: Outcome = Outcome.NG, label: str = "", **more: object) -> Override:
    """A word on the part with this id."""
    return Override(f"word-{of}", of, NOON, "anna", outcome, label, **more)  # type: ignore[arg-type]


def stored(part: Inspection, said: Override | None = None) -> Stored:
    """The part as it lies in the database."""
    return Stored(part, None, None, said)
