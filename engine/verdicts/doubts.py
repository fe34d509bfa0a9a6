"""Why a prediction must not be judged, in words an operator understands: broken scores, unknown parts, unfit pictures.

The limits of a guard come from the pictures of one product. A figure outside them has two possible causes: the picture
is bad, or it is a good picture of something else. Where the part is beyond the novelty limit too, the picture is blamed
only where it shows the fault by itself, whatever lies before the camera (`_shows_its_fault`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.domain.inspection import Prediction, Quality, Scores
from engine.domain.recipe import Guard

SCORE_TOLERANCE = 1e-4
"""How far a score may lie outside 0…1: rounding of low-precision arithmetic."""
SUM_TOLERANCE = 0.02
"""How far exclusive scores may miss the sum 1: bfloat16 keeps eight bits of each."""
MAX_DIGITS = 6
STEEP = 0.8
"""Edges at least so steep (Quality.edges) are in focus, whatever the surface: of five data sets and the demo line 1.0
and more are sharp, 0.3 to 0.8 blurred by one and a half pixels of the model's input."""
ALIKE = 5.0
"""Fine detail up to so many times the guard's limit is that of the parts taught. Their own has two to five times the
limit down to a third of the light, for sharpness hardly hangs on it; dark magnetic tiles before a model of castings
have five to twenty times."""
LIGHT_OFF = 1.0 / 3.0
"""Under this share of the guard's least brightness the light is off, whatever lies there: noise is all the detail."""
BLANK_CONTRAST = 3.0
"""Standard deviation of grey under which a picture shows nothing but noise: a capped lens, a wall."""


def broken(prediction: Prediction, ok_classes: tuple[str, ...]) -> str:
    """Why what the model said is no answer; empty = it is one."""
    if prediction.doubt:
        return prediction.doubt
    found = _broken_scores(prediction.scores, ok_classes)
    if not found and prediction.novelty is not None and not math.isfinite(prediction.novelty):
        return "the model's novelty is not a number"
    return found


@dataclass(frozen=True, slots=True)
class Fault:
    """A figure of the picture outside the guard, in words. `surface`: the picture is in focus, its part is smoother."""

    words: str
    surface: bool = False


def unknown_part(prediction: Prediction, guard: Guard) -> str:
    """Why this is no part the model was taught; empty = it is one, or a bad picture makes it look strange."""
    novelty, limit, quality = prediction.novelty, guard.novelty_max, prediction.quality
    if limit is None or novelty is None or novelty <= limit:
        return ""
    if quality is not None and faults_of(quality, guard) and _shows_its_fault(quality, guard):
        return ""
    return "unknown part: unlike everything the model was taught, novelty {} > {}".format(*unequal(novelty, limit))


def unequal(value: float, limit: float, digits: int = 2) -> tuple[str, str]:
    """Both as text with so many decimals that they look different: 0.4999 and 0.50, not 0.50 and 0.50."""
    for places in range(digits, MAX_DIGITS):
        if f"{value:.{places}f}" != f"{limit:.{places}f}":
            return f"{value:.{places}f}", f"{limit:.{places}f}"
    return f"{value:.{MAX_DIGITS}f}", f"{limit:.{MAX_DIGITS}f}"


def _broken_scores(scores: Scores, ok_classes: tuple[str, ...]) -> str:
    values = scores.values
    if not values or len(values) != len(scores.classes) or not all(math.isfinite(v) for v in values):
        return "the model's scores are not numbers"
    if not all(-SCORE_TOLERANCE <= v <= 1.0 + SCORE_TOLERANCE for v in values):
        return "the model's scores are not probabilities: one lies outside 0…1"
    total = sum(values)
    if scores.exclusive and set(scores.classes) & set(ok_classes) and abs(total - 1.0) > SUM_TOLERANCE:
        return f"the model's scores are not probabilities: they sum to {total:.2f}"
    return ""


def faults_of(quality: Quality, guard: Guard, *, known: bool = True) -> tuple[Fault, ...]:
    """What of the picture lies outside the guard; empty = it is fit to be judged.

    Of a part that is not known only the difference is told, no cause. A figure that is not a number is outside.
    """
    found = []
    if guard.brightness is not None:
        low, high = guard.brightness
        if quality.brightness > high:
            found.append(Fault(_bright(*unequal(quality.brightness, high, 0), known)))
        elif not quality.brightness >= low:
            found.append(Fault(_dark(*unequal(quality.brightness, low, 0), known)))
    if guard.contrast_min is not None and not quality.contrast >= guard.contrast_min:
        found.append(Fault(_flat(*unequal(quality.contrast, guard.contrast_min, 1), known)))
    if guard.sharpness_min is not None and not quality.sharpness >= guard.sharpness_min:
        in_focus = quality.edges >= STEEP
        figures = unequal(quality.sharpness, guard.sharpness_min, 3)
        found.append(Fault(_blurred(*figures, known and not in_focus), surface=in_focus))
    if guard.clipped_max is not None and not quality.clipped <= guard.clipped_max:
        share, most = unequal(100.0 * quality.clipped, 100.0 * guard.clipped_max, 0)
        found.append(Fault(f"the picture is over-exposed: {share} % of it is white > {most} %"))
    return tuple(found)


def _shows_its_fault(quality: Quality, guard: Guard) -> bool:
    """Whether the picture is bad whatever it shows, which makes any part look strange."""
    if not quality.contrast >= BLANK_CONTRAST:
        return True
    if guard.clipped_max is not None and not quality.clipped <= guard.clipped_max:
        return True
    if guard.sharpness_min is not None and not quality.sharpness >= guard.sharpness_min and not quality.edges >= STEEP:
        return True
    return _lacks_light(quality, guard)


def _lacks_light(quality: Quality, guard: Guard) -> bool:
    """Less light makes a picture darker and flatter alike, and leaves the fine detail; a darker part has its own."""
    if guard.brightness is None or guard.contrast_min is None:
        return False
    if quality.brightness >= guard.brightness[0] or quality.contrast >= guard.contrast_min:
        return False
    finer = guard.sharpness_min is not None and quality.sharpness > ALIKE * guard.sharpness_min
    return not finer or quality.brightness < LIGHT_OFF * guard.brightness[0]


def _bright(value: str, limit: str, known: bool) -> str:
    if known:
        return f"the picture is too bright: brightness {value} > {limit} (exposure, stray light?)"
    return f"the picture is brighter than those taught: brightness {value} > {limit}"


def _dark(value: str, limit: str, known: bool) -> str:
    if known:
        return f"the picture is too dark: brightness {value} < {limit} (lens cap, light off?)"
    return f"the picture is darker than those taught: brightness {value} < {limit}"


def _flat(value: str, limit: str, known: bool) -> str:
    if known:
        return f"the picture is flat: contrast {value} < {limit} (no part, fog?)"
    return f"the picture has less contrast than those taught: contrast {value} < {limit}"


def _blurred(value: str, limit: str, known: bool) -> str:
    if known:
        return f"the picture is blurred: sharpness {value} < {limit} (focus, motion?)"
    return f"the picture has less fine detail than those taught: sharpness {value} < {limit}"
