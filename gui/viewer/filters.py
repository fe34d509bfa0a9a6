"""View filters: they change what a person sees, never the picture that is kept nor what the model is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from engine.domain.inspection import Pixels
from engine.images.overlay import edges, enhance
from gui.i18n.language import number, translate

FilterKind = Literal["none", "contrast", "edges"]

EDGE_STEP, EDGE_LOWEST, EDGE_HIGHEST = 10, 10, 250
CLIP_STEP, CLIP_LOWEST, CLIP_HIGHEST = 0.5, 1.0, 8.0


@dataclass(frozen=True, slots=True)
class ViewFilter:
    """The filter in force and its strength; the upper edge threshold is always twice the lower one (Canny 1986)."""

    kind: FilterKind = "none"
    edges_from: int = 100
    clip: float = 3.0

    def toggled(self, kind: FilterKind) -> ViewFilter:
        """The same filter again takes it off."""
        return replace(self, kind="none" if self.kind == kind else kind)

    def adjusted(self, steps: int) -> ViewFilter:
        """More (positive) or less to see: lower edge thresholds, a higher contrast limit; nothing without a filter."""
        if self.kind == "edges":
            wanted = self.edges_from - steps * EDGE_STEP
            return replace(self, edges_from=min(EDGE_HIGHEST, max(EDGE_LOWEST, wanted)))
        if self.kind == "contrast":
            return replace(self, clip=min(CLIP_HIGHEST, max(CLIP_LOWEST, self.clip + steps * CLIP_STEP)))
        return self

    def apply(self, pixels: Pixels) -> Pixels:
        """What is shown instead of `pixels`."""
        if self.kind == "edges":
            return edges(pixels, self.edges_from, 2 * self.edges_from)
        return enhance(pixels, self.clip) if self.kind == "contrast" else pixels

    @property
    def words(self) -> str:
        """`edges 100/200`, `contrast 3.0`; empty without a filter."""
        if self.kind == "edges":
            edges_words = translate("Review", "edges {low}/{high}")
            return edges_words.format(low=self.edges_from, high=2 * self.edges_from)
        words = translate("Review", "contrast {limit}").format(limit=number(self.clip, 1))
        return words if self.kind == "contrast" else ""
