"""From words to a head that judges: which kind of head, what it says of parts left out, and where its limit lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.backbone.backbone import Backbone
from engine.errors import InputError, UsageError
from engine.learning import good_only
from engine.learning.class_head import ClassHead, fit_classes
from engine.learning.figures import (
    Figures,
    Told,
    cost_threshold,
    even_threshold,
    figures_of,
    recall_threshold,
    told_by_part,
)
from engine.learning.novelty import Novelty, fit_novelty
from engine.learning.patch_head import PatchHead, fit_patches
from engine.learning.taught import Floats, Taught
from engine.learning.variation import COPIES
from engine.statistics.bands import band_around, spread_of
from engine.statistics.costs import Prices
from engine.statistics.metrics import defect_scores
from engine.teaching.words import Word, described, described_places

DEFECT = "defect"
"""What a head without classes of defects calls them all."""
FEWEST_PAINTED = 3
MARGIN = 0.15
"""REVIEW around the limit where nothing says how far scores spread."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the limit is chosen: `even`, or a share of defects to be caught, or what mistakes cost."""

    recall: float | None = None
    prices: Prices | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """A head, and all that is known of it. Rows are the taught pictures, varied copies left away."""

    head: ClassHead | good_only.GoodOnly | PatchHead
    classes: tuple[str, ...]
    ok_classes: tuple[str, ...]
    novelty: Novelty | None
    truth: tuple[str, ...]
    """N words, in the head's classes."""
    scores: Floats
    """N×K, each by a head that its part had no share in."""
    told: Told
    """One score a part."""
    figures: Figures
    band: tuple[float, float]


def learn(
    backbone: Backbone, words: Sequence[Word], classes: Sequence[str], ok_classes: Sequence[str], rule: Rule = Rule()
) -> Learnt:
    """Learn from words of these classes, sound ones first. Raises InputError where they teach nothing.

    Good parts alone teach what is usual. Painted defects of one kind teach places; else whole pictures teach classes.
    """
    good_alone = all(word.word in ok_classes for word in words)
    given = described(backbone, words, good_only.COPIES if good_alone else COPIES)
    novelty = fit_novelty(given)
    if good_alone:
        return _good_only(given, ok_classes, novelty, rule)
    if teaches_places(words, classes, ok_classes):
        return _places(backbone, words, ok_classes, novelty, rule)
    fit = fit_classes(given, classes)
    rows = given.shown
    scores = fit.left_out[rows]
    truth = tuple(given.words[row] for row in rows)
    parts = [given.parts[row] for row in rows]
    return _judged(fit.head, parts, truth, scores, tuple(classes), tuple(ok_classes), novelty, rule)


def teaches_places(words: Sequence[Word], classes: Sequence[str], ok_classes: Sequence[str]) -> bool:
    """Whether places are taught: sound parts, one kind of defect, and some of it painted."""
    kinds = [name for name in classes if name not in ok_classes]
    painted = sum(word.mask is not None for word in words)
    return len(kinds) == 1 and painted >= FEWEST_PAINTED and any(word.word in ok_classes for word in words)


def _good_only(given: Taught, ok_classes: Sequence[str], novelty: Novelty | None, rule: Rule) -> Learnt:
    if rule.recall is not None or rule.prices is not None:
        raise UsageError("Good parts alone say nothing of defects that pass.", "Teach bad parts too.")
    fit = good_only.fit_good(given)
    rows = given.shown
    bad = fit.left_out[rows]
    sound = tuple(ok_classes[:1])
    truth = tuple(sound[0] for _ in rows)
    scores = np.stack([1.0 - bad, bad], axis=1)
    return _judged(fit.head, [given.parts[row] for row in rows], truth, scores, (*sound, DEFECT), sound, novelty, rule)


def _places(
    backbone: Backbone, words: Sequence[Word], ok_classes: Sequence[str], novelty: Novelty | None, rule: Rule
) -> Learnt:
    pictures = described_places(backbone, words, ok_classes)
    fit = fit_patches(pictures)
    rows = [i for i, one in enumerate(pictures) if not one.varied and np.isfinite(fit.left_out[i])]
    if not rows:
        raise InputError("One painted part says nothing of the next one.", "Paint a defect on a second part.")
    sound, kind = ok_classes[0], next(word.word for word in words if word.word not in ok_classes)
    truth = tuple(kind if pictures[i].defective else sound for i in rows)
    bad = fit.left_out[rows]
    scores = np.stack([1.0 - bad, bad], axis=1)
    parts = [pictures[i].part for i in rows]
    return _judged(fit.head, parts, truth, scores, (sound, kind), (sound,), novelty, rule)


def _judged(
    head: ClassHead | good_only.GoodOnly | PatchHead,
    parts: Sequence[str],
    truth: tuple[str, ...],
    scores: Floats,
    classes: tuple[str, ...],
    ok_classes: tuple[str, ...],
    novelty: Novelty | None,
    rule: Rule,
) -> Learnt:
    bad = np.array([word not in ok_classes for word in truth], np.bool_)
    # An item may have sound sides and a defective one: it is left out whole and counts as one part of either kind.
    parts = [f"{part}\0{defective}" for part, defective in zip(parts, bad, strict=True)]
    if ok_classes:
        told = told_by_part(parts, defect_scores(scores, classes, ok_classes), bad)
        threshold = _limit(told, rule)
        band = band_around(threshold, MARGIN, spread_of(told.defective, told.scores))
    else:
        told, threshold, band = told_by_part(parts, scores.max(axis=1), bad), 0.5, (0.5, 0.5)
    figures = figures_of(told, threshold)
    return Learnt(head, classes, ok_classes, novelty, truth, scores, told, figures, band)


def _limit(told: Told, rule: Rule) -> float:
    if rule.prices is not None:
        found = cost_threshold(told, rule.prices)
    else:
        found = even_threshold(told) if rule.recall is None else recall_threshold(told, rule.recall)
    return round(min(0.999, max(0.001, found)), 6)
