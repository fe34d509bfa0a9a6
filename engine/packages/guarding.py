"""What a picture fit to be judged looks like: limits from the pictures a model was taught with, widened by a margin.

The margin holds the light the training itself varies, and a drift of the line on top. Measured on the demo line, the
castings and KolektorSDD: a capped lens, a wall, an over-exposed picture (gain 2) and a blur of 1 % of the side lie
outside, every training picture and its augmentation inside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.domain.inspection import Quality
from engine.packages.manifest import GuardSpec

DRIFT = 0.05
"""Share of full scale the light may drift beyond what training varied."""
CONTRAST_KEPT = 0.7
SHARPNESS_KEPT = 0.5
"""A Gaussian blur of one input pixel about halves the sharpness of fine-textured metal."""


def guard_spec(
    qualities: Sequence[Quality],
    *,
    novelty: bool,
    brightness: float = 0.1,
    contrast: float = 0.2,
    exposure: float = 0.0,
) -> GuardSpec:
    """Limits no picture of `qualities` violates, nor one whose light is changed as training changes it.

    `brightness`: shift of the mean as a share of 255; `contrast`: share by which grey values are stretched about their
    mean; `exposure`: light is multiplied by up to e^±exposure. `novelty`: the graph has that output (limit 1.0).
    Raises ValueError without pictures.
    """
    if not qualities:
        raise ValueError("a guard needs pictures to learn from")
    darkest, brightest = min(q.brightness for q in qualities), max(q.brightness for q in qualities)
    room = 255.0 * (brightness + DRIFT)
    less, more = (
        min(darkest - room, darkest * math.exp(-exposure)),
        max(brightest + room, brightest * math.exp(exposure)),
    )
    # A part that is nearly black or white itself still leaves a third of the way to a capped or blinded lens.
    low, high = max(darkest / 3.0, less), min((2.0 * 255.0 + brightest) / 3.0, more)
    clipped = max(q.clipped for q in qualities)
    return GuardSpec(
        brightness=(_floor(min(low, darkest)), round(max(high, brightest) + 0.01, 2)),
        contrast_min=_floor(
            min(q.contrast for q in qualities) * (1.0 - contrast) * math.exp(-exposure) * CONTRAST_KEPT
        ),
        sharpness_min=_floor(min(q.sharpness for q in qualities) * SHARPNESS_KEPT),
        clipped_max=round(clipped + min(brightness + 0.5 * (contrast + exposure) + DRIFT, (1.0 - clipped) / 2.0), 6),
        novelty_max=1.0 if novelty else None,
    )


def joined(spec: GuardSpec, earlier: GuardSpec | None) -> GuardSpec:
    """Limits that let through what either lets through: a fine-tuned model still knows its parent's pictures."""
    if earlier is None:
        return spec
    return spec.model_copy(
        update={
            "brightness": (
                min(spec.brightness[0], earlier.brightness[0]),
                max(spec.brightness[1], earlier.brightness[1]),
            ),
            "contrast_min": min(spec.contrast_min, earlier.contrast_min),
            "sharpness_min": min(spec.sharpness_min, earlier.sharpness_min),
            "clipped_max": max(spec.clipped_max, earlier.clipped_max),
        }
    )


def _floor(value: float) -> float:
    """Cut, not rounded, to four decimals: the limit must not pass the picture it came from."""
    return int(max(0.0, value) * 1e4) / 1e4
