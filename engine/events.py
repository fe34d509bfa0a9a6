"""What a station publishes: a closed union that window and command line both match on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Box, Frame, HeatMap, Inspection, ModelRef


@dataclass(frozen=True, slots=True)
class Started:
    """The station runs: this source, this model."""

    source: str
    model: ModelRef


@dataclass(frozen=True, slots=True)
class Inspected:
    """One inspection, recorded before it was published."""

    inspection: Inspection
    thumbnail: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)
    """Small grey or BGR picture of NG, REVIEW and NO VERDICT parts for the film strip; None for OK and in a scan."""
    skipped: int = 0
    """Frames the source made and the station never saw, since the start."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The operator paused the station."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The operator let it go on."""


@dataclass(frozen=True, slots=True)
class PictureSkipped:
    """A picture of a folder or video could not be read; it was recorded as NO VERDICT."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The source went away; next try in `retry_s` seconds."""

    reason: str
    retry_s: float


@dataclass(frozen=True, slots=True)
class Recovered:
    """The source is back."""

    source: str


@dataclass(frozen=True, slots=True)
class ModelSwapped:
    """From the next frame on, this model judges."""

    model: ModelRef


@dataclass(frozen=True, slots=True)
class Warned:
    """The station goes on, but somebody must act: a picture could not be archived, a model was not taken over."""

    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Alarmed:
    """Somebody must come now: a trigger that got no verdict within the takt."""

    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ImagingChanged:
    """The self-test of the picture says something else than before: `fine`, `warn` or `review`."""

    level: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The station stopped because of this; what was recorded is safe."""

    message: str
    remedy: str
    exit_code: int = 1


@dataclass(frozen=True, slots=True)
class Stopped:
    """The station stopped in order: on request, or because the source ended."""

    inspected: int
    skipped: int
    ended: bool
    """True when the source gave its last frame."""
    reason: str = ""
    """Why that was before the end it had promised, as a sentence; empty where it was not."""
    remedy: str = ""


StationEvent = (
    Started
    | Inspected
    | Paused
    | Resumed
    | PictureSkipped
    | Lost
    | Recovered
    | ModelSwapped
    | Warned
    | Alarmed
    | ImagingChanged
    | Failed
    | Stopped
)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels on their way to the screen, with the inspection they belong to."""

    frame: Frame
    heat: HeatMap | None
    inspection: Inspection
    heat_box: Box | None = None
    """What of the frame `heat` covers edge to edge; None = all of it."""
