"""Judge a data set with a package through the line's own backend and verdict. Needs no torch: it runs in a station."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.load import load_model
from engine.backends.openvino import Precision
from engine.domain.inspection import (
    UNKNOWN_PART,
    FrameRef,
    Inspection,
    Mask,
    Origin,
    Outcome,
    Prediction,
    Scores,
    Times,
    Traveller,
    Verdict,
    as_plain,
    new_id,
    utc_now,
)
from engine.domain.recipe import Recipe
from engine.errors import DatasetError, PictureError, UsageError
from engine.judging.judge import Judge, Shown, by_recipe
from engine.judging.many import Asked, Judging
from engine.names import name_of
from engine.packages.package import ModelPackage
from engine.recipes.file import default_recipe, without_review
from engine.statistics.metrics import evaluate_scores
from engine.statistics.mistakes import Mistakes, Verdicts, say_little
from engine.verdicts.verdict import SOUND, measured
from trainer.config import TrainConfig
from trainer.evaluation.places import Place, placed
from trainer.formats.samples.dataset import Dataset, Sample
from trainer.split import split

PARTS = ("all", "train", "validation", "test")


@dataclass(frozen=True, slots=True, eq=False)
class JudgedSample:
    """One sample with what the model says of it; `error` where its picture could not be read."""

    sample: Sample
    prediction: Prediction | None
    verdict: Verdict
    mask: Mask | None = None
    size: tuple[int, int] = (0, 0)
    error: str = ""
    place: Place | None = None
    """How the map lies on the mask; only of defective pictures with a drawn mask."""
    station: Outcome = Outcome.NO_VERDICT
    """What the station says of it, with review band and guard; `verdict` may be without a band."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A judged data set: its figures, every sample as it was judged (no pixels, no maps) and its truth."""

    figures: dict[str, Any]
    judged: tuple[JudgedSample, ...]
    truth: tuple[str, ...]
    recipe: Recipe


def evaluate(
    package: ModelPackage,
    dataset: Dataset,
    *,
    recipe: Recipe | None = None,
    part: str = "",
    threads: int = 0,
    precision: Precision = "auto",
    line: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """All figures of `metrics.evaluate_scores`, unreadable pictures, milliseconds a picture, data set, model.

    As a scan, `auto` takes bf16 where the CPU has it; `f32` gives the figures of the package's manifest.
    `line` gets a JSON line for each picture: a scan's line, `truth` and `sound`. Raises UsageError, DatasetError,
    PackageError.
    """
    used = recipe or without_review(default_recipe(package))

    def seen(judged: JudgedSample, truth: str) -> None:
        if line is not None:
            line(json_line(judged, truth, package, used))

    return evaluated(
        package,
        dataset,
        used,
        station=recipe,
        part=part,
        threads=threads,
        precision=precision,
        seen=seen,
        progress=progress,
    ).figures


def evaluated(
    package: ModelPackage,
    dataset: Dataset,
    recipe: Recipe,
    *,
    station: Recipe | None = None,
    part: str = "",
    threads: int = 0,
    precision: Precision = "auto",
    seen: Callable[[JudgedSample, str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """`evaluate` with what every picture came to; `seen` gets each one with its map and mask, and its truth.

    `station`: the recipe the station would judge by, the package's own when left out, for `as_judged`.
    """
    samples, whole = part_of(package, dataset, part), station or default_recipe(package)
    found: list[JudgedSample] = []
    began = time.perf_counter()
    for done, judged in enumerate(judge(package, samples, recipe, threads=threads, precision=precision), 1):
        if seen is not None:
            seen(judged, truth_of(judged.sample, dataset, recipe))
        # The pixels of maps and masks go at once: only what the figures need is kept.
        found.append(_reduced(judged, package.manifest.map.threshold, whole))
        if progress is not None:
            progress(done, len(samples))
    seconds = time.perf_counter() - began
    truth = tuple(truth_of(j.sample, dataset, recipe) for j in found)
    figures = {
        **_figures(found, package, dataset, recipe),
        "as_judged": as_judged(found, truth, recipe),
        "unreadable": sum(bool(j.error) for j in found),
        "no_verdict": sum(
            not (j.error or j.verdict.unknown) and j.verdict.outcome is Outcome.NO_VERDICT for j in found
        ),
        "milliseconds": round(seconds * 1e3 / max(1, len(samples)), 2),
        "dataset": {"id": dataset.id, "sha256": dataset.sha256(), "part": part or "all"},
        "model": f"{package.manifest.name} {package.version}",
    }
    return Evaluation(figures, tuple(found), truth, recipe)


def judge(
    package: ModelPackage,
    samples: Iterable[Sample],
    recipe: Recipe,
    *,
    threads: int = 0,
    precision: Precision = "auto",
) -> Iterator[JudgedSample]:
    """Every sample in order, several in flight; an unreadable picture gets NO VERDICT and its reason."""
    model = load_model(package, threads=threads, mode="throughput", precision=precision)
    try:
        for (sample, mask, size), said in Judging().in_flight(Judge(model, recipe), map(_asked, samples)):
            yield JudgedSample(sample, said.prediction, said.verdict, mask, size, said.error)
    finally:
        model.close()


def _asked(sample: Sample) -> Asked[tuple[Sample, Mask | None, tuple[int, int]]]:
    """The sample's picture, and what is known of it besides."""
    try:
        pixels, mask = sample.load()
    except PictureError as error:
        return Asked((sample, None, (0, 0)), None, error.message)
    return Asked((sample, mask, (int(pixels.shape[0]), int(pixels.shape[1]))), Shown(pixels))


def part_of(package: ModelPackage, dataset: Dataset, part: str) -> list[Sample]:
    """The samples of one part. A data set without parts of its own is split as the package's training split it.

    Raises UsageError for an unknown part, or when the package was not trained on this very data set.
    """
    if part not in {*PARTS, ""}:
        raise UsageError(f"There is no part {part!r}.", f"Choose one of {', '.join(PARTS)}.")
    if part in {"all", ""}:
        return list(dataset.samples)
    if all(s.part for s in dataset.samples) and any(s.part == part for s in dataset.samples):
        return [s for s in dataset.samples if s.part == part]
    lineage = package.manifest.lineage
    if lineage.dataset_sha256 != dataset.sha256():
        raise UsageError(
            f"{package.manifest.name} was not trained on {dataset.id}, so its {part} part is not known.",
            "Leave --part out.",
        )
    settings = {**lineage.settings, "kind": package.manifest.kind, "architecture": package.manifest.architecture}
    parts = split(dataset.samples, TrainConfig.model_validate(settings).rule)
    rows = {"train": parts.train, "validation": parts.validation, "test": parts.test}[part]
    return [dataset.samples[i] for i in rows]


def truth_of(sample: Sample, dataset: Dataset, recipe: Recipe) -> str:
    """The sample's label in the model's words: one sound class may have another name in the data set (`good`).

    A model without a sound class calls a sound part "ok".
    """
    if sample.label not in dataset.ok_classes or sample.label in recipe.ok_classes or len(recipe.ok_classes) > 1:
        return sample.label
    return recipe.ok_classes[0] if recipe.ok_classes else SOUND


def label_of(verdict: Verdict) -> str:
    """The verdict's label. A part without one does not pass: it is neither an escape nor called sound."""
    return UNKNOWN_PART if verdict.unknown else verdict.label or str(Outcome.NO_VERDICT)


def score_table(rows: Sequence[tuple[float, ...]], classes: Sequence[str]) -> NDArray[np.float64]:
    """N×K scores; nan in a row that is empty, where the model was shown nothing (its part not found)."""
    none = (float("nan"),) * len(classes)
    return np.asarray([row or none for row in rows], np.float64).reshape(-1, len(classes))


def _reduced(judged: JudgedSample, threshold: float, station: Recipe) -> JudgedSample:
    prediction, mask = judged.prediction, judged.mask
    place = None
    if prediction is not None and prediction.heat is not None and mask is not None and mask.any():
        place = placed(prediction.heat, mask, threshold)
    slim = None if prediction is None else Prediction(prediction.scores)
    said = judged.verdict.outcome if prediction is None else by_recipe(prediction, station).verdict.outcome
    return replace(judged, prediction=slim, mask=None, place=place, station=said)


def as_judged(found: Sequence[JudgedSample], truth: Sequence[str], recipe: Recipe) -> dict[str, Any]:
    """What the station says of the pictures that could be read: all four verdicts of both kinds, and the mistakes."""
    sound = recipe.ok_classes or (SOUND,)
    told = zip(found, truth, strict=True)
    counted = Mistakes.of((name not in sound, judged.station) for judged, name in told if not judged.error)
    return {
        **{name: _verdicts(kind) for name, kind in (("sound", counted.sound), ("defective", counted.defective))},
        "escapes": counted.escapes.plain(),
        "overkill": counted.overkill.plain(),
        "review": counted.review.plain(),
        "no_verdict": counted.no_verdict.plain(),
        "says_little": say_little(counted),
    }


def _verdicts(kind: Verdicts) -> dict[str, int]:
    counts = (kind.ok, kind.ng, kind.review, kind.no_verdict)
    return {str(outcome): count for outcome, count in zip(Outcome, counts, strict=True)}


def _figures(found: list[JudgedSample], package: ModelPackage, dataset: Dataset, recipe: Recipe) -> dict[str, Any]:
    read = [j for j in found if j.prediction is not None]
    if not read:
        raise DatasetError(f"No picture of {dataset.id} could be judged.", "Check the pictures.")
    truth = [truth_of(j.sample, dataset, recipe) for j in read]
    classes = package.manifest.class_names
    table = score_table([j.prediction.scores.values for j in read if j.prediction is not None], classes)
    labels = [label_of(j.verdict) for j in read]
    exclusive = all(j.prediction.scores.exclusive for j in read if j.prediction is not None)
    figures = evaluate_scores(
        truth, labels, table, classes, recipe.ok_classes, recipe.limits.ng_at, exclusive=exclusive
    )
    ranked = np.isfinite(table).all(axis=1)
    if ranked.any() and not ranked.all():
        # A picture without scores (part not found) cannot be ranked.
        some, said = ([each[i] for i in np.nonzero(ranked)[0]] for each in (truth, labels))
        only = evaluate_scores(some, said, table[ranked], classes, recipe.ok_classes, 0.5, exclusive=exclusive)
        figures |= {"ap": only["ap"], "auroc": only["auroc"]}
    places = [j.place for j in read if j.place is not None]
    if places:
        mean_iou = round(float(np.mean([p.iou for p in places])), 4)
        figures["map"] = {"of": len(places), "pointed": sum(p.pointed for p in places), "iou": mean_iou}
    return figures


def json_line(judged: JudgedSample, truth: str, package: ModelPackage, recipe: Recipe) -> str:
    """A scan's line (docs/jsonl.md) plus `truth`, and `sound`: whether that is a sound part."""
    now, sample, prediction = utc_now(), judged.sample, judged.prediction
    name = name_of(sample.path) if sample.path is not None else sample.key
    found = prediction or Prediction(Scores((), ()))
    inspection = Inspection(
        id=new_id(now),
        frame=FrameRef("evaluate", 0, now, name, *judged.size),
        scores=found.scores,
        regions=measured(found, recipe),
        verdict=judged.verdict,
        model=package.ref,
        recipe=recipe.ref,
        traveller=Traveller(product=recipe.product, origin=Origin.TRIAL),
        times=Times(now, found.prepare_ms, found.infer_ms),
    )
    sound = truth in (recipe.ok_classes or (SOUND,))
    return json.dumps({**as_plain(inspection), "truth": truth, "sound": sound}, ensure_ascii=False)
