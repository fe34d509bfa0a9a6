"""The mistakes worth looking at: kept while the data set is judged, made pictures of at the end. Memory is bounded.

What is an escape or a false reject goes by the label alone, as in every figure of a study.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np

from engine.domain.inspection import HeatMap, Outcome
from engine.domain.recipe import Recipe
from engine.errors import PictureError
from engine.images.depth import debayer
from engine.images.overlay import heat_floor
from engine.packages.package import ModelPackage
from engine.statistics.mistakes import Mistakes, is_escape, is_overkill
from engine.verdicts.verdict import SOUND
from trainer.evaluation.evaluate import JudgedSample, label_of
from trainer.evaluation.page import Picture, study_picture
from trainer.evaluation.sheet import confidence_of, is_right

MOST_CONFIDENT = 20
BEYOND = 24
"""Further escapes, and further false rejects, that are shown."""
HEAT_SIDE = 160
Kind = Literal["escape", "false reject", "other"]


@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """One wrongly judged picture, without its pixels. `confidence`: in the label said, 0…1."""

    judged: JudgedSample
    truth: str
    label: str
    confidence: float
    kind: Kind


@dataclass(slots=True, eq=False)
class Gallery:
    """Takes every judged picture; keeps the most confident mistakes of each kind, and counts all."""

    classes: tuple[str, ...]
    ok_classes: tuple[str, ...]
    counted: Mistakes = field(default_factory=Mistakes)
    """NO VERDICT is no confident mistake, whatever the picture shows; neither is a part set aside as unknown."""
    confused: int = 0
    """Defects called another kind of defect."""
    _kept: dict[Kind, list[tuple[float, int, Mistake]]] = field(default_factory=dict)
    _seen: int = 0

    def see(self, judged: JudgedSample, truth: str) -> None:
        """Take one judged picture."""
        self._seen += 1
        if judged.prediction is None:
            return
        scores, label = judged.prediction.scores, label_of(judged.verdict)
        sound = self.ok_classes or (() if scores.exclusive else (SOUND,))
        said, defective = Outcome.OK if label in sound else Outcome.NG, truth not in sound
        refused = judged.verdict.unknown or judged.verdict.outcome is Outcome.NO_VERDICT
        self.counted += Mistakes.of([(defective, judged.verdict.outcome if refused else said)])
        if refused or is_right(truth, label, self.classes, sound):
            return
        kind: Kind = "other"
        if is_escape(said, defective=defective):
            kind = "escape"
        elif is_overkill(said, defective=defective):
            kind = "false reject"
        else:
            self.confused += 1
        sure = confidence_of(judged.verdict, scores)
        heat = _bounded(judged.prediction.heat)
        slim = replace(judged, mask=None, prediction=replace(judged.prediction, heat=heat, regions=()))
        heap = self._kept.setdefault(kind, [])
        # Of equally sure ones the earlier picture stays.
        heapq.heappush(heap, (sure, -self._seen, Mistake(slim, truth, label, sure, kind)))
        if len(heap) > MOST_CONFIDENT + BEYOND:
            heapq.heappop(heap)

    @property
    def counts(self) -> dict[Kind, int]:
        """How many mistakes of each kind there were."""
        found = self.counted
        return {"escape": found.escapes.count, "false reject": found.overkill.count, "other": self.confused}

    def most_confident(self) -> list[Mistake]:
        """The MOST_CONFIDENT surest mistakes of any kind, surest first."""
        together = [entry for heap in self._kept.values() for entry in heap]
        return [entry[2] for entry in sorted(together, key=lambda e: (-e[0], -e[1]))[:MOST_CONFIDENT]]

    def beyond(self, kind: Kind) -> list[Mistake]:
        """Up to BEYOND further mistakes of one kind that are not among the most confident."""
        shown = {id(m) for m in self.most_confident()}
        ordered = sorted(self._kept.get(kind, []), key=lambda e: (-e[0], -e[1]))
        return [entry[2] for entry in ordered if id(entry[2]) not in shown][:BEYOND]


def pictures_of(mistakes: Sequence[Mistake], package: ModelPackage, recipe: Recipe) -> tuple[Picture, ...]:
    """A picture with its words for each; one that can no longer be read is left out."""
    manifest, found = package.manifest, []
    floor = heat_floor(manifest.kind, manifest.map.threshold)
    for mistake in mistakes:
        judged, prediction = mistake.judged, mistake.judged.prediction
        try:
            pixels, mask = judged.sample.load()
        except PictureError:
            continue
        shown = debayer(pixels, recipe.view.bayer) if recipe.view.bayer else pixels
        heat, box = (None, None) if prediction is None else (prediction.heat, prediction.heat_box)
        jpeg = study_picture(shown, mask, heat, box, floor=floor)
        found.append(Picture(jpeg, f"truth {mistake.truth}, said {mistake.label}", _words(mistake)))
    return tuple(found)


def _words(mistake: Mistake) -> tuple[str, ...]:
    verdict, sample = mistake.judged.verdict, mistake.judged.sample
    also = (f"also shows {', '.join(sample.also)}",) if sample.also else ()
    score = "no defect score" if verdict.outcome is Outcome.NO_VERDICT else f"defect score {verdict.score:.3f}"
    scored = f"confidence {mistake.confidence:.3f}, {score}, {verdict.outcome}"
    return (scored, *also, sample.key)


def _bounded(heat: HeatMap | None) -> HeatMap | None:
    """A map no larger than the page shows, so that many can be kept."""
    if heat is None or max(heat.shape) <= HEAT_SIDE:
        return heat
    scale = HEAT_SIDE / max(heat.shape)
    size = (max(1, round(heat.shape[1] * scale)), max(1, round(heat.shape[0] * scale)))
    return np.asarray(cv2.resize(heat, size, interpolation=cv2.INTER_AREA), np.float32)
