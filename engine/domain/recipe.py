"""How one product is looked at and judged: view, limits, class rules, guard, saving policy, and the recipe of them.

Frozen types and no behaviour but what follows from their own fields; engine.recipes.file reads and writes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import (
    Box,
    Contour,
    Outcome,
    RecipeRef,
    Severity,
    Value,
)


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

    def stated(self, bits: int, bayer: str = "") -> View:
        """This view with the depth and the mosaic a camera states, where the recipe states none."""
        bits, bayer = self.bits or bits, self.bayer or bayer
        return self if (bits, bayer) == (self.bits, self.bayer) else replace(self, bits=bits, bayer=bayer)

    @property
    def heat_box(self) -> Box | None:
        """What of the frame a heat map covers edge to edge; None = all of it."""
        return None if self.reference is not None else self.roi


WHOLE = View()


class FilePages(StrEnum):
    """What becomes of a file that holds several pictures."""

    REFUSE = "refuse"
    """NO VERDICT: a verdict on one of them would pass for all."""
    FIRST = "first"
    """The first is the part: the others are previews, or the same."""
    EACH = "each"
    """Each is a part of its own."""


@dataclass(frozen=True, slots=True)
class SavingPolicy:
    """Which pictures are archived: every NG/REVIEW/NO VERDICT, and one OK in `every_ok` (0 = none, 1 = all)."""

    defects: bool = True
    every_ok: int = 0


@dataclass(frozen=True, slots=True)
class CameraSetup:
    """How the camera is set for a product; the supervisor applies it at every opening."""

    settings: tuple[tuple[str, Value], ...] = ()
    """Name and value, names as in engine.sources.base (exposure_us, gain_db, trigger …). Not named: left alone."""
    takt_s: float = 0.0
    """A trigger without a verdict within so many seconds raises the alarm; 0 = not watched."""

    @property
    def trigger(self) -> str:
        """`off` (free run), `software` or `hardware`; empty = as the camera stands."""
        return str(dict(self.settings).get("trigger", ""))


@dataclass(frozen=True, slots=True, eq=False)
class Imaging:
    """What the station's pictures looked like when they were right, and how far they may drift.

    Limits are a warning and a limit from which parts go to REVIEW. `brightness`: share of the golden brightness;
    `focus`: share of the golden focus lost; `saturation`: share of all pixels on top; `shift_px`: frame pixels.
    """

    digest: str
    golden: NDArray[np.uint8] = field(repr=False)
    """H×W grey, the golden frame."""
    picture: str = ""
    """The golden frame's file, relative to the recipe's folder; empty = not from a file."""
    brightness: tuple[float, float] = (0.10, 0.20)
    saturation: tuple[float, float] = (0.01, 0.05)
    focus: tuple[float, float] = (0.25, 0.50)
    shift_px: tuple[float, float] = (5.0, 20.0)
    frames: int = 15
    """Drift is the median over so many frames: one odd part is none."""
    bits: int = 0
    """Depth of the golden frame's file as its camera stated it; the recipe's own goes first. 0 = not stated."""
    bayer: str = ""
    """The mosaic of the golden frame's file, likewise; empty = none."""


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
    camera: CameraSetup = CameraSetup()
    imaging: Imaging | None = None
    """None = the picture itself is not watched for drift."""
    max_frame_age_s: float = 2.0
    """A free-running camera's frame older than this is stale and gets NO VERDICT."""
    pages: FilePages = FilePages.REFUSE
    """Of files only: a camera's frame is one picture."""
    digest: str = ""
    """engine.recipes.digest.digest_of; what is on record may be an older one: ask is_recipe."""
    code: str = field(default="", repr=False)
    """What a scanner reads to change over to this recipe; empty = none. Judges nothing, so no digest has it."""
    product: str = field(default="", repr=False)
    """The name of the product that is judged by it; empty = a file of before there were products. In no digest."""

    @property
    def ref(self) -> RecipeRef:
        """The recipe without its contents."""
        return RecipeRef(self.name, self.version, self.digest)


def has_own_limit(rule: ClassRule) -> bool:
    """Whether the rule says anything of the class's score."""
    return any(v is not None for v in (rule.ng_at, rule.review_from, rule.review_to))


def limits_for(rule: ClassRule, limits: Limits) -> Limits:
    """The limits in force for one class's own score. A critical class has no band over its limit: there it is NG."""
    at = limits.ng_at if rule.ng_at is None else rule.ng_at
    if has_own_limit(rule):
        low = at if rule.review_from is None else rule.review_from
        high = at if rule.review_to is None else rule.review_to
    else:
        low, high = limits.review_from, limits.review_to
    high = at if rule.severity is Severity.CRITICAL else max(high, at)
    return Limits(at, min(low, at), high)


def without_bands(recipe: Recipe) -> Recipe:
    """The recipe with no review band, nor one of a class: NG from `ng_at` on. Its digest is as it was."""
    at = recipe.limits.ng_at
    rules = tuple(
        replace(rule, ng_at=limits_for(rule, recipe.limits).ng_at, review_from=None, review_to=None)
        if has_own_limit(rule)
        else rule
        for rule in recipe.rules
    )
    return replace(recipe, limits=replace(recipe.limits, review_from=at, review_to=at), rules=rules)
