"""decide(prediction, recipe) → Verdict with the reasons; pure. And what makes a frame not worth judging."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np

from engine.domain import Frame, Outcome, Prediction, Region, Verdict
from engine.product import Limits, Recipe


def decide(prediction: Prediction, recipe: Recipe) -> Verdict:
    """The verdict on one prediction.

    Defect score = the sum of the probabilities of all defect classes (1 - P(sound)); with no sound class, the highest
    probability. Score ≥ ng_at is NG, < review_from is OK, the band [review_from, review_to) is REVIEW. A score that
    is not a number gives NO VERDICT.
    """
    scores = dict(prediction.scores)
    if not scores or not all(math.isfinite(v) for v in scores.values()):
        return no_verdict("the model's scores are not numbers")
    defects = {name: value for name, value in scores.items() if name not in recipe.ok_classes}
    if not defects:
        return no_verdict("the model knows no defect class")
    top = max(defects, key=lambda name: defects[name])
    if len(defects) == len(scores):
        return _decide_without_sound(top, defects[top], recipe.limits)
    score = min(1.0, sum(defects.values()))
    sound = max((n for n in scores if n not in defects), key=lambda name: scores[name])
    label = top if score >= recipe.limits.ng_at else sound
    outcome, reason = _band(score, recipe.limits)
    counted = tuple(r for r in prediction.regions if r.area_px >= recipe.limits.min_area_px)
    if prediction.regions and not counted and outcome is not Outcome.OK:
        largest = max(prediction.regions, key=lambda r: r.area_px)
        limit = _area(recipe.limits.min_area_px, recipe.limits)
        return Verdict(Outcome.OK, sound, score, (f"largest region {_area(largest.area_px, recipe.limits)} < {limit}",))
    name = "defect" if outcome is Outcome.OK else top
    return Verdict(outcome, label, score, (f"{name} {reason}", *_region_words(outcome, counted, recipe.limits)))


def no_verdict(reason: str) -> Verdict:
    """NO VERDICT for this reason; never OK."""
    return Verdict(Outcome.NO_VERDICT, "", 0.0, (reason,))


def distrust(frame: Frame, previous: Frame | None, now: datetime, recipe: Recipe, *, free_running: bool) -> str | None:
    """Why this frame must not be judged, or None: empty, stale, repeated, or a copy of the one before."""
    if frame.pixels.size == 0 or min(frame.size) < 8:
        return "the frame is empty"
    if recipe.view.roi is not None and recipe.view.reference is None:
        x, y, width, height = recipe.view.roi
        if x + width > frame.size[1] or y + height > frame.size[0]:
            return "the recipe's region of interest lies outside the frame"
    if not free_running:
        return None
    age = (now - frame.captured_at).total_seconds()
    if age > recipe.max_frame_age_s:
        return f"the frame is stale: {age:.1f} s old"
    if previous is not None and frame.source == previous.source:
        if frame.sequence <= previous.sequence:
            return "the camera repeated a frame"
        if np.array_equal(frame.pixels, previous.pixels):
            return "the camera sent the same picture twice"
    return None


def _decide_without_sound(top: str, score: float, limits: Limits) -> Verdict:
    if score >= limits.ng_at and score >= limits.review_to:
        return Verdict(Outcome.NG, top, score, (f"{top} {score:.2f} ≥ {limits.ng_at:.2f}",))
    return Verdict(Outcome.REVIEW, top, score, (f"{top} only {score:.2f}: no class is certain",))


def _band(score: float, limits: Limits) -> tuple[Outcome, str]:
    if score < limits.review_from:
        return Outcome.OK, f"{score:.2f} < {limits.review_from:.2f}"
    if score >= limits.ng_at and score >= limits.review_to:
        return Outcome.NG, f"{score:.2f} ≥ {limits.ng_at:.2f}"
    return Outcome.REVIEW, f"{score:.2f} lies between {limits.review_from:.2f} and {limits.review_to:.2f}"


def _region_words(outcome: Outcome, regions: tuple[Region, ...], limits: Limits) -> tuple[str, ...]:
    if outcome is Outcome.OK or not regions:
        return ()
    largest = max(regions, key=lambda r: r.area_px)
    count = "1 region" if len(regions) == 1 else f"{len(regions)} regions"
    return (f"{count}, largest {_area(largest.area_px, limits)}",)


def _area(area_px: float, limits: Limits) -> str:
    if limits.mm_per_px:
        return f"{area_px * limits.mm_per_px**2:.2f} mm²"
    return f"{area_px:,.0f} px²"
