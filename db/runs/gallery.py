"""Keeps what a report shows: every inspection, and small pictures of the parts that were not OK."""

from __future__ import annotations

from engine.domain.inspection import Frame, Inspection, Outcome, Prediction
from engine.domain.recipe import Recipe
from engine.events import Inspected, StationEvent
from engine.images.depth import shown
from engine.reports.run import GALLERY, ReportEntry, gallery_picture
from engine.station.recorder import Recorder


class Gallery:
    """A recorder around another one: makes the pictures of the first NG, REVIEW and NO VERDICT parts."""

    def __init__(self, inner: Recorder) -> None:
        self.inner = inner
        self.entries: list[ReportEntry] = []
        self._pictures: dict[str, bytes] = {}
        self._made = 0

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        """Record, and keep a small picture."""
        self.inner(inspection, recipe, frame, prediction)
        if frame is not None and inspection.verdict.outcome is not Outcome.OK and self._made < GALLERY:
            self._made += 1
            heat, box = (prediction.heat, prediction.heat_box) if prediction else (None, None)
            self._pictures[inspection.id] = gallery_picture(
                shown(frame.pixels, inspection.frame), heat, inspection, box
            )

    def flush(self) -> None:
        """Make the inner recorder's part durable."""
        self.inner.flush()

    def take(self, event: StationEvent) -> None:
        """Note what was published."""
        if isinstance(event, Inspected):
            picture = self._pictures.pop(event.inspection.id, None)
            self.entries.append(ReportEntry(event.inspection, picture))
