"""Why a prediction must not be judged, in words an operator understands: scores that are none, unfit pictures."""

from __future__ import annotations

import math

from engine.domain.inspection import Prediction, Quality, Scores
from engine.domain.recipe import Guard

SCORE_TOLERANCE = 1e-4
"""How far a score may lie outside 0…1: rounding of low-precision arithmetic."""
SUM_TOLERANCE = 0.02
"""How far exclusive scores may miss the sum 1: bfloat16 keeps eight bits of each."""
MAX_DIGITS = 6


def doubts_of(prediction: Prediction, ok_classes: tuple[str, ...], guard: Guard) -> tuple[str, ...]:
    """Every reason not to trust this prediction; empty = it may be judged."""
    if prediction.doubt:
        return (prediction.doubt,)
    broken = _broken_scores(prediction.scores, ok_classes)
    if broken:
        return (broken,)
    if prediction.novelty is not None and not math.isfinite(prediction.novelty):
        return ("the model's novelty is not a number",)
    return () if prediction.quality is None else _unfit(prediction.quality, guard)


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


def _unfit(quality: Quality, guard: Guard) -> tuple[str, ...]:
    """What of the picture lies outside the guard. Written so that a figure that is not a number is outside."""
    found = []
    if guard.brightness is not None:
        low, high = guard.brightness
        if quality.brightness > high:
            found.append(_words("too bright", "brightness", quality.brightness, ">", high, "exposure, stray light?", 0))
        elif not quality.brightness >= low:
            found.append(_words("too dark", "brightness", quality.brightness, "<", low, "lens cap, light off?", 0))
    if guard.contrast_min is not None and not quality.contrast >= guard.contrast_min:
        found.append(_words("flat", "contrast", quality.contrast, "<", guard.contrast_min, "no part, fog?", 1))
    if guard.sharpness_min is not None and not quality.sharpness >= guard.sharpness_min:
        found.append(_words("blurred", "sharpness", quality.sharpness, "<", guard.sharpness_min, "focus, motion?", 3))
    if guard.clipped_max is not None and not quality.clipped <= guard.clipped_max:
        share, most = unequal(100.0 * quality.clipped, 100.0 * guard.clipped_max, 0)
        found.append(f"the picture is over-exposed: {share} % of it is white > {most} %")
    return tuple(found)


def _words(state: str, figure: str, value: float, sign: str, limit: float, cause: str, digits: int) -> str:
    shown, bound = unequal(value, limit, digits)
    return f"the picture is {state}: {figure} {shown} {sign} {bound} ({cause})"
