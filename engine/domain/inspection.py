"""The words of the house as frozen types: what a frame, a score, a verdict and an inspection are.

One type per stage; nothing is filled in later. Boxes and contours are in pixels of the frame they belong to,
origin top left, x to the right. Times are timezone-aware UTC. Scores are probabilities in 0…1.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
"""H×W grey or H×W×3 BGR, uint8 or uint16."""
Mask = NDArray[np.uint8]
"""H×W, 0 or 255."""
HeatMap = NDArray[np.float32]
"""h×w in 0…1 at the model's map resolution; it covers the frame's inspected region edge to edge."""
Box = tuple[int, int, int, int]
"""x, y, width, height in pixels."""
Contour = tuple[tuple[int, int], ...]
"""Closed polygon, x and y in pixels."""


class Outcome(StrEnum):
    """The four verdicts. REVIEW: too close to call. NO VERDICT: no trustworthy frame or model."""

    OK = "OK"
    NG = "NG"
    REVIEW = "REVIEW"
    NO_VERDICT = "NO VERDICT"


class Origin(StrEnum):
    """What a part was judged for; written with its row, never worked out later. Only `production` counts as made."""

    PRODUCTION = "production"
    SCAN = "scan"
    """A folder or a video judged as a whole."""
    TRIAL = "trial"
    """Judged to try a model or a recipe."""
    SETUP = "set-up"
    """The line ran while it was being set up."""
    SIMULATED = "simulated"
    """Made by the demo line: there is no such part."""
    UNKNOWN = "unknown"
    """On record from before it was written down."""


class Severity(StrEnum):
    """How bad a defect class is. Critical classes are decided first: safety before everything else."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known about a part: its class and, where drawn, the mask of its defect (H×W, 255 = defect)."""

    label: str
    mask: Mask | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a source. `sequence` counts what the source made, so a gap is what was skipped."""

    pixels: Pixels = field(repr=False)
    source: str
    sequence: int
    captured_at: datetime
    name: str = ""
    """The file's path for folders; empty for cameras and the demo line."""
    truth: Truth | None = None
    """Known only on the demo line."""
    bits: int = 0
    """How many bits a uint16 pixel uses, as the camera states it; 0 = not stated."""
    bayer: str = ""
    """The colour filter of a raw mosaic, as the camera states it: RGGB, BGGR, GRBG or GBRG; empty = none."""
    device_ns: int = 0
    """The camera's own time stamp in nanoseconds of its own clock; 0 = it gives none."""
    triggered_at: datetime | None = None
    """When its trigger was fired, where this station fired it."""
    exposed_at: datetime | None = None
    """The camera's time stamp on this machine's clock, to within the shortest transfer seen; None = unknown."""

    @property
    def size(self) -> tuple[int, int]:
        """Height, width in pixels."""
        return int(self.pixels.shape[0]), int(self.pixels.shape[1])

    @property
    def ref(self) -> FrameRef:
        """The frame without its pixels."""
        height, width = self.size
        return FrameRef(
            self.source,
            self.sequence,
            self.captured_at,
            self.name,
            height,
            width,
            self.truth.label if self.truth else None,
            self.bits,
            self.bayer,
            self.device_ns,
            self.triggered_at,
            self.exposed_at,
        )


@dataclass(frozen=True, slots=True)
class FrameRef:
    """Which frame it was: everything but the pixels. Height and width are 0 when no pixels arrived."""

    source: str
    sequence: int
    captured_at: datetime
    name: str = ""
    height: int = 0
    width: int = 0
    truth: str | None = None
    bits: int = 0
    bayer: str = ""
    device_ns: int = 0
    triggered_at: datetime | None = None
    exposed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """Calibrated probability per class, in the model's class order."""

    classes: tuple[str, ...]
    values: tuple[float, ...]
    exclusive: bool = True
    """True: the classes exclude each other and sum to 1. False: each has its own probability (multi-label, tiles)."""

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return iter(zip(self.classes, self.values, strict=True))

    def of(self, label: str) -> float:
        """The score of one class; 0.0 for a class the model does not know."""
        return dict(self).get(label, 0.0)


@dataclass(frozen=True, slots=True)
class Region:
    """One connected area of the map over the region threshold, in frame pixels. `score` is the map's peak in it."""

    label: str
    score: float
    box: Box
    area_px: float
    contour: Contour = ()
    area_mm2: float | None = None
    """Known where the recipe says how many millimetres a pixel is."""


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model judged: the package's name and its version (first 12 hex digits of its manifest's sha256)."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class RecipeRef:
    """Which recipe judged: name, version and the digest of its contents."""

    name: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Quality:
    """What the inspected picture looks like, measured on the model's input in grey, whatever it shows."""

    brightness: float
    """Mean grey, 0…255."""
    contrast: float
    """Standard deviation of grey."""
    sharpness: float
    """Mean absolute Laplacian over `contrast`: falls with blur, hardly moves with brightness."""
    clipped: float
    """Share of pixels at 250 or over, 0…1."""
    edges: float = 0.0
    """How steep the steepest edges are, 1 / pixel of the frame: falls with blur, whatever the surface. 0: not told."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model says of one frame, before any threshold of a recipe."""

    scores: Scores
    regions: tuple[Region, ...] = ()
    heat: HeatMap | None = field(default=None, repr=False)
    model: ModelRef = ModelRef("", "")
    prepare_ms: float = 0.0
    infer_ms: float = 0.0
    quality: Quality | None = None
    novelty: float | None = None
    """Distance from what the model was taught, 1.0 = the limit found in training; None: the model does not tell."""
    doubt: str = ""
    """Why this frame must not be judged; empty = it may."""
    heat_box: Box | None = None
    """What of the frame `heat` covers edge to edge; None = all of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision and why. `label` is the class decided for, `score` the defect score it was decided on."""

    outcome: Outcome
    label: str
    score: float
    reasons: tuple[str, ...]
    unknown: bool = False
    """The part is unlike everything the model was taught: no class is said, and it is never OK."""


@dataclass(frozen=True, slots=True)
class Traveller:
    """What goes with a part: lot, part number, operator and station, as typed or scanned; may be empty.

    And the product's name it is judged as (empty on rows from before there were products), and what for.
    """

    lot: str = ""
    part: str = ""
    operator: str = ""
    station: str = ""
    product: str = ""
    origin: Origin = Origin.UNKNOWN


@dataclass(frozen=True, slots=True)
class Times:
    """When the verdict stood, and what it took in milliseconds."""

    inspected_at: datetime
    prepare_ms: float = 0.0
    infer_ms: float = 0.0
    total_ms: float = 0.0
    """From the capture of the frame to the verdict."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """One verdict on one frame, as it is stored and never changed."""

    id: str
    frame: FrameRef
    scores: Scores
    regions: tuple[Region, ...]
    verdict: Verdict
    model: ModelRef
    recipe: RecipeRef
    traveller: Traveller
    times: Times

    @property
    def marks(self) -> tuple[Region, ...]:
        """The regions that are shown and spoken of: none of a part the model does not know, where they say nothing."""
        return () if self.verdict.unknown else self.regions


@dataclass(frozen=True, slots=True)
class Override:
    """What the inspector said instead; append-only. An undo is a further override that names what it undoes."""

    id: str
    inspection_id: str
    at: datetime
    operator: str
    outcome: Outcome
    """OK, NG or REVIEW. The same as the verdict's is a confirmation."""
    label: str
    """The correct class; the sound class for OK, empty when not told or sent to review."""
    why: str = ""
    accepted_regions: tuple[int, ...] | None = None
    """Indices into the inspection's regions that the inspector confirmed; None = not told."""
    mask: Mask | None = field(default=None, compare=False, repr=False)
    """The painted defect in frame size (H×W, 255 = defect); None = not painted."""
    undoes: str | None = None


def utc_now() -> datetime:
    """The wall clock, timezone-aware."""
    return datetime.now(UTC)


def new_id(at: datetime) -> str:
    """24 hex digits that sort by time: 12 of milliseconds since 1970, 12 random."""
    return f"{int(at.timestamp() * 1000):012x}{secrets.token_hex(6)}"


def as_plain(inspection: Inspection) -> dict[str, Any]:
    """The stable machine-readable line of one inspection (docs/jsonl.md): plain types only."""
    return {
        "id": inspection.id,
        "path": inspection.frame.name,
        "source": inspection.frame.source,
        "sequence": inspection.frame.sequence,
        "verdict": str(inspection.verdict.outcome),
        "label": inspection.verdict.label,
        "unknown": inspection.verdict.unknown,
        "score": round(inspection.verdict.score, 6),
        "scores": {name: round(v, 6) if math.isfinite(v) else None for name, v in inspection.scores},
        "regions": [
            {"label": r.label, "box": list(r.box), "area": round(r.area_px, 1), "score": round(r.score, 6)}
            | ({} if r.area_mm2 is None else {"area_mm2": round(r.area_mm2, 4)})
            for r in inspection.regions
        ],
        "reasons": list(inspection.verdict.reasons),
        "model": f"{inspection.model.name} {inspection.model.version}".strip(),
        "recipe": f"{inspection.recipe.name} {inspection.recipe.version}",
        "product": inspection.traveller.product,
        "origin": str(inspection.traveller.origin),
        "milliseconds": round(inspection.times.prepare_ms + inspection.times.infer_ms, 2),
        "captured_at": _iso(inspection.frame.captured_at),
        "triggered_at": _iso(inspection.frame.triggered_at),
        "exposed_at": _iso(inspection.frame.exposed_at),
        "inspected_at": _iso(inspection.times.inspected_at),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="microseconds")


UNKNOWN_PART = "unknown part"
"""How a part that the model does not know is called where figures name every part by a class."""
Value = float | int | str | bool
"""Of a camera's setting."""
