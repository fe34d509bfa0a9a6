"""A judged data set as arrays: what every figure, curve and picture of a study is made from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import Scores, Verdict
from engine.domain.recipe import Recipe, limits_for
from engine.errors import DatasetError
from engine.packages.package import ModelPackage
from engine.statistics.metrics import Floats, defect_scores
from engine.verdicts.verdict import SOUND, defect_score
from trainer.evaluation.evaluate import Evaluation, label_of, score_table

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """N judged pictures of K classes; pictures that could not be read are left out."""

    classes: tuple[str, ...]
    sound: frozenset[str]
    """Names of sound parts: the model's, or "ok" where it has none but may call a part sound."""
    several: bool
    """Classes do not exclude each other by the model's head (sigmoid)."""
    truth: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    table: Floats
    """N×K scores; nan where the model was shown nothing."""
    scores: Floats
    """N defect scores."""
    hot: Bools
    """N×K: what each picture truly shows, further classes included."""
    said: Bools
    """N×K: the classes at or over their own limit."""
    right: Bools
    confidence: Floats
    further: int
    """Pictures that show more classes than their label."""

    @property
    def positive(self) -> Bools:
        """N: truly defective."""
        return np.array([t not in self.sound for t in self.truth], bool)

    @property
    def rejected(self) -> Bools:
        """N: not called sound."""
        return np.array([label not in self.sound for label in self.labels], bool)

    @property
    def ranked(self) -> Bools:
        """N: has scores."""
        return np.asarray(np.isfinite(self.table).all(axis=1), bool)

    @property
    def tells_defects(self) -> bool:
        """There are defects and sound parts, and scores that can tell them apart."""
        chosen = self.positive[self.ranked]
        return bool(self.sound) and bool(chosen.any()) and not bool(chosen.all())


def sheet_of(evaluation: Evaluation, package: ModelPackage) -> Sheet:
    """Raises DatasetError where no picture could be read."""
    recipe, classes = evaluation.recipe, package.manifest.class_names
    pairs = [(j, t) for j, t in zip(evaluation.judged, evaluation.truth, strict=True) if j.prediction is not None]
    if not pairs:
        raise DatasetError("No picture could be judged.", "Check the pictures.")
    judged, truth = [j for j, _ in pairs], tuple(t for _, t in pairs)
    all_scores = [j.prediction.scores for j in judged if j.prediction is not None]
    table = score_table([s.values for s in all_scores], classes)
    exclusive = all(s.exclusive for s in all_scores)
    sound = frozenset(recipe.ok_classes) or frozenset(() if exclusive else (SOUND,))
    labels = tuple(label_of(j.verdict) for j in judged)
    shown = [{t, *j.sample.also} for j, t in zip(judged, truth, strict=True)]
    return Sheet(
        classes=classes,
        sound=sound,
        several=package.manifest.head == "sigmoid",
        truth=truth,
        labels=labels,
        groups=tuple(j.sample.group for j in judged),
        table=table,
        scores=defect_scores(table, classes, recipe.ok_classes, exclusive=exclusive),
        hot=np.array([[c in names for c in classes] for names in shown], bool),
        said=np.nan_to_num(table) >= np.array(limits_of(classes, recipe)),
        right=np.array([is_right(a, b, classes, sound) for a, b in zip(truth, labels, strict=True)], bool),
        confidence=np.array([confidence_of(j.verdict, s) for j, s in zip(judged, all_scores, strict=True)]),
        further=sum(bool(j.sample.also) for j in judged),
    )


def limits_of(classes: Collection[str], recipe: Recipe) -> list[float]:
    """From which score on each class is said by itself."""
    rules = {r.label: r for r in recipe.rules}
    return [limits_for(rules[c], recipe.limits).ng_at if c in rules else recipe.limits.ng_at for c in classes]


def is_right(truth: str, label: str, classes: Collection[str], sound: Collection[str]) -> bool:
    """Whether a label is no mistake. A defect of a kind the model does not know is right as any defect of it."""
    if truth == label:
        return True
    unknown_kind = truth not in classes and truth not in sound
    return (unknown_kind and label in classes and label not in sound) or (truth in sound and label in sound)


def confidence_of(verdict: Verdict, scores: Scores) -> float:
    """How sure the model was of the label it gave, 0…1; 0 without a verdict.

    A class's own score; of "ok" where the model has no sound class, 1 - the defect score.
    """
    if not verdict.label or not scores.values:
        return 0.0
    known = verdict.label in scores.classes
    value = scores.of(verdict.label) if known else 1.0 - defect_score(scores, ())
    return min(1.0, max(0.0, value)) if np.isfinite(value) else 0.0
