"""How much a model loses when the pictures get worse (disturb says how): every condition beside the clean one.

The package's guard may refuse a picture (NO VERDICT) that a limit alone would have judged. So there are two answers:
`accuracy`, `macro_f1`, `ap`, `escapes` and `overkill` go by the limits alone, the guard off; `guard` counts what the
line would do: parts refused or sent to review, defects that are OK all the same, sound parts that are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.backends.openvino import Precision
from engine.domain.inspection import Mask, Outcome, Pixels
from engine.domain.recipe import Guard, Recipe, View
from engine.errors import DatasetError, PictureError
from engine.images.depth import debayer
from engine.judging.judge import by_recipe
from engine.packages.package import ModelPackage
from engine.recipes.file import default_recipe, without_review
from engine.statistics.metrics import evaluate_scores
from engine.statistics.mistakes import Mistakes
from engine.statistics.shares import rounded
from engine.verdicts.verdict import SOUND
from trainer.evaluation.bootstrap import Interval, bootstrap, of_difference, of_labels
from trainer.evaluation.disturb import CLEAN, CONDITIONS, Condition
from trainer.evaluation.evaluate import judge, label_of, score_table, truth_of
from trainer.evaluation.page import Picture, study_picture
from trainer.formats.samples.dataset import Dataset, Sample


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One condition: figures by the limits alone (keys of `evaluate_scores`), its losses, the guard's part in it."""

    condition: Condition
    figures: dict[str, Any]
    delta: dict[str, float | None]
    """accuracy, macro_f1 and ap, each less the clean one's; None where undefined."""
    interval: Interval | None
    """95 % of Δ macro-F1: paired bootstrap over the groups."""
    guard: Mistakes
    """What the line would do with its guard on."""

    @property
    def guarded(self) -> dict[str, int]:
        """In parts: refused, sent to REVIEW, defects that are OK, sound parts that are anything else."""
        found = self.guard
        return {
            "no_verdict": found.no_verdict.count,
            "review": found.review.count,
            "escapes": found.escapes.count,
            "overkill": found.sound_stopped.count,
        }

    def plain(self) -> dict[str, Any]:
        """As it stands in the JSON."""
        kept = {k: self.figures[k] for k in ("accuracy", "macro_f1", "ap", "escapes", "overkill")}
        interval = None if self.interval is None else rounded(self.interval)
        how = {"name": self.condition.name, "how": self.condition.how}
        return {**how, **kept, "delta": {**self.delta, "macro_f1_interval": interval}, "guard": self.guarded}


@dataclass(frozen=True, slots=True, eq=False)
class Robustness:
    """All conditions, the clean one first, over the same pictures."""

    rows: tuple[Row, ...]
    pictures: int
    dim_less_bright: float | None
    """macro-F1 dim less bright, as the Severstal publication states it (0.062 there)."""

    def plain(self) -> dict[str, Any]:
        """As it stands in the JSON."""
        rows = [row.plain() for row in self.rows]
        return {"pictures": self.pictures, "dim_less_bright": self.dim_less_bright, "conditions": rows}


@dataclass(slots=True, eq=False)
class _Tally:
    """What one condition came to; only labels and scores are kept of each picture."""

    truth: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    scores: list[tuple[float, ...]] = field(default_factory=list)
    exclusive: bool = True
    outcomes: list[Outcome] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


def robustness(
    package: ModelPackage,
    dataset: Dataset,
    samples: Sequence[Sample],
    *,
    recipe: Recipe | None = None,
    conditions: Sequence[Condition] = CONDITIONS,
    threads: int = 0,
    precision: Precision = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Robustness:
    """Judge every sample clean and under every condition. Reads each picture once; holds a few at a time.

    Unreadable pictures are left out. Raises DatasetError where none can be read, PackageError.
    """
    used = recipe or without_review(default_recipe(package))
    # A mosaic is made a picture first: a blur or a turn of the mosaic itself would only mix its colours.
    viewed = replace(used, view=replace(used.view, bayer=""))
    free = replace(viewed, guard=Guard())
    every = (CLEAN, *conditions)
    tallies = [_Tally() for _ in every]
    total = len(samples) * len(every)
    stream = judge(package, _variants(samples, every, used.view), viewed, threads=threads, precision=precision)
    for done, judged in enumerate(stream):
        if judged.prediction is not None:
            tally, scores = tallies[done % len(every)], judged.prediction.scores
            tally.truth.append(truth_of(judged.sample, dataset, used))
            tally.labels.append(label_of(by_recipe(judged.prediction, free).verdict))
            tally.scores.append(scores.values)
            tally.exclusive = tally.exclusive and scores.exclusive
            tally.outcomes.append(judged.verdict.outcome)
            tally.groups.append(judged.sample.group)
        if progress is not None:
            progress(done + 1, total)
    if not tallies[0].truth:
        raise DatasetError(f"No picture of {dataset.id} could be judged.", "Check the pictures.")
    return _compared(every, tallies, package, used)


def robustness_words(plain: dict[str, Any]) -> list[str]:
    """The table as lines for a terminal, from `Robustness.plain`."""
    lines = [
        f"{'condition':<12}{'accuracy':>10}{'macro-F1':>10}{'Δ':>9}{'AP':>9}{'escapes':>9}{'overkill':>9}{'guard':>7}"
    ]
    for one in plain["conditions"]:
        numbers = (one["macro_f1"], one["delta"]["macro_f1"], one["ap"])
        macro, delta, ap = ("—" if v is None else f"{v:.4f}" for v in numbers)
        counts = f"{one['escapes']['count']:>9}{one['overkill']['count']:>9}{one['guard']['no_verdict']:>7}"
        lines.append(f"{one['name']:<12}{one['accuracy']:>10.4f}{macro:>10}{delta:>9}{ap:>9}{counts}")
    return [*lines, "guard: parts with NO VERDICT on the line; the other figures go by the limits alone"]


def _variants(samples: Sequence[Sample], conditions: Sequence[Condition], view: View) -> Iterator[Sample]:
    """Every sample under every condition in turn; its picture is read once and let go after the last of them."""
    for sample in samples:
        held: list[tuple[Pixels, Mask | None]] = []
        for condition in conditions:
            yield replace(sample, load=_loading(sample, condition, view, held))


def _loading(
    sample: Sample, condition: Condition, view: View, held: list[tuple[Pixels, Mask | None]]
) -> Callable[[], tuple[Pixels, Mask | None]]:
    def load() -> tuple[Pixels, Mask | None]:
        if not held:
            pixels, _ = sample.load()
            held.append((debayer(pixels, view.bayer) if view.bayer else pixels, None))
        if condition is CLEAN:
            return held[0]
        return condition.disturb(held[0][0], sample.key, bits=view.bits, box=view.heat_box), None

    return load


def _compared(
    conditions: Sequence[Condition], tallies: Sequence[_Tally], package: ModelPackage, recipe: Recipe
) -> Robustness:
    figures = [_figures_of(tally, package, recipe) for tally in tallies]
    clean = of_labels(tallies[0].truth, tallies[0].labels)
    rows = []
    for condition, tally, own in zip(conditions, tallies, figures, strict=True):
        interval = None
        if condition is not CLEAN:
            worse = of_labels(tally.truth, tally.labels)
            interval = bootstrap(tally.groups, [of_difference(worse, clean, "macro_f1", "macro_f1", "d")]).get("d")
        delta = {name: _less(own[name], figures[0][name]) for name in ("accuracy", "macro_f1", "ap")}
        rows.append(Row(condition, own, delta, interval, _guarded(tally, recipe)))
    by_name = {row.condition.name: row.figures["macro_f1"] for row in rows}
    return Robustness(tuple(rows), len(tallies[0].truth), _less(by_name.get("dim"), by_name.get("bright")))


def _figures_of(tally: _Tally, package: ModelPackage, recipe: Recipe) -> dict[str, Any]:
    classes, at = package.manifest.class_names, recipe.limits.ng_at
    table = score_table(tally.scores, classes)
    return evaluate_scores(tally.truth, tally.labels, table, classes, recipe.ok_classes, at, exclusive=tally.exclusive)


def _guarded(tally: _Tally, recipe: Recipe) -> Mistakes:
    sound = set(recipe.ok_classes) or {SOUND}
    return Mistakes.of(
        (truth not in sound, outcome) for truth, outcome in zip(tally.truth, tally.outcomes, strict=True)
    )


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one - other, 6)


def example_pictures(
    samples: Sequence[Sample], dataset: Dataset, recipe: Recipe, conditions: Sequence[Condition] = CONDITIONS
) -> tuple[Picture, ...]:
    """One picture (a defect where there is one) under every condition, for the page; empty where none can be read."""
    ordered = sorted(samples, key=lambda s: s.label in dataset.ok_classes)
    for sample in ordered[:5]:
        try:
            every = list(_variants([sample], (CLEAN, *conditions), recipe.view))
            pairs = zip((CLEAN, *conditions), every, strict=True)
            return tuple(Picture(study_picture(s.load()[0]), c.title, (c.how,) if c.how else ()) for c, s in pairs)
        except PictureError:
            continue
    return ()
