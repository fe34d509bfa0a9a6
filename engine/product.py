"""How one product is looked at and judged: view, limits, class rules, guard, saving policy, and the recipe of them.

Frozen types and no behaviour but what follows from their own fields; engine.recipe reads and writes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.domain import Box, Contour, Outcome, RecipeRef, Severity


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds of a verdict. Score ≥ ng_at is NG, below review_from is OK, between is REVIEW.

    `review_to` widens the band upwards: scores from ng_at up to review_to are REVIEW too.
    """

    ng_at: float = 0.5
    review_from: float = 0.5
    review_to: float = 0.5
    min_area_px: float = 0.0
    """Regions smaller than this do not count, in frame pixels."""
    mm_per_px: float | None = None
    max_regions: int | None = None
    """More counted regions than this are NG whatever the score; None = no limit."""


@dataclass(frozen=True, slots=True)
class ClassRule:
    """What one defect class is judged by; None = as `Limits` says."""

    label: str
    severity: Severity = Severity.MAJOR
    ng_at: float | None = None
    review_from: float | None = None
    review_to: float | None = None
    min_area_px: float | None = None
    max_regions: int | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """When a picture is not fit to be judged; None = not checked. See Quality for the units."""

    brightness: tuple[float, float] | None = None
    contrast_min: float | None = None
    sharpness_min: float | None = None
    clipped_max: float | None = None
    novelty_max: float | None = None
    on_novelty: Outcome = Outcome.REVIEW
    """REVIEW or NO VERDICT."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """The inspected region is judged in tiles of this size in frame pixels, overlapping by at least this share."""

    height: int
    width: int
    overlap: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The picture a part is found by: the frame is turned and shifted so that the part lies as it does here."""

    digest: str
    pixels: NDArray[np.uint8] = field(repr=False)
    """H×W grey, the golden frame."""
    part: Box
    """Where the part lies in the golden frame."""
    max_shift_px: int = 100
    max_angle: float = 10.0
    """Degrees either way."""
    min_score: float = 0.6
    """Correlation 0…1 under which the part counts as not found (NO VERDICT)."""
    picture: str = ""
    """The golden frame's file, relative to the recipe's folder; empty = not from a file."""


@dataclass(frozen=True, slots=True)
class View:
    """Which part of a frame the model sees. Pixels of the frame; of the golden frame where there is a reference."""

    roi: Box | None = None
    polygon: Contour = ()
    """Only what lies inside is inspected; the rest is painted grey and its regions are dropped. Empty = all."""
    tiles: Tiles | None = None
    reference: Reference | None = None
    bits: int = 0
    """How many bits a uint16 pixel uses, 8…16; 0 = by the brightest pixel of each frame, which may make it jump."""
    bayer: str = ""
    """The colour filter of raw mosaics, first two rows from the top left: RGGB, BGGR, GRBG or GBRG; empty = none."""

    def stated(self, bits: int) -> View:
        """This view with the depth a camera states, where the recipe states none."""
        return replace(self, bits=bits) if bits and not self.bits else self

    @property
    def heat_box(self) -> Box | None:
        """What of the frame a heat map covers edge to edge; None = all of it."""
        return None if self.reference is not None else self.roi


WHOLE = View()


@dataclass(frozen=True, slots=True)
class SavingPolicy:
    """Which pictures are archived: every NG/REVIEW/NO VERDICT, and one OK in `every_ok` (0 = none, 1 = all)."""

    defects: bool = True
    every_ok: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one product is judged. `ok_classes` and the limits default to what the model package says."""

    name: str
    version: int
    ok_classes: tuple[str, ...]
    limits: Limits
    saving: SavingPolicy = SavingPolicy()
    view: View = View()
    rules: tuple[ClassRule, ...] = ()
    guard: Guard = Guard()
    model: str = ""
    """Version of the model it was made for; empty = any."""
    max_frame_age_s: float = 2.0
    """A free-running camera's frame older than this is stale and gets NO VERDICT."""
    digest: str = ""

    @property
    def ref(self) -> RecipeRef:
        """The recipe without its contents."""
        return RecipeRef(self.name, self.version, self.digest)
