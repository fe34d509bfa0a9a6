"""`lineside crossval`: train and judge every fold of a data set, with one seed or several, and pool the held-out parts.

Every picture is judged once a seed, by the model that never saw its group, at the threshold chosen without it. What is
done stays: the command given again goes on, inside a fold too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.domain.inspection import UNKNOWN_PART
from engine.errors import InputError, LinesideError, UsageError
from engine.names import name_of
from engine.packages.package import MANIFEST, ModelPackage, open_package
from engine.statistics.metrics import average_precision, evaluate_scores
from engine.statistics.shares import Share
from engine.system.files import write_atomically
from engine.training import TrainingFailed, TrainingInterrupted, TrainingNote
from trainer.config import TrainConfig, load_config
from trainer.evaluation.evaluate import evaluate
from trainer.formats.samples.dataset import Dataset
from trainer.runs.request import TrainRequest, opened
from trainer.runs.train import INTERRUPTED_EXIT, train
from trainer.runtime.interrupt import Interrupted, StopRequest
from trainer.runtime.progress import Emit, reporter

DEFAULT_FOLDS = 5
FIGURES = "figures.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be trained: each seed's folds over one split."""

    request: TrainRequest
    config: TrainConfig
    folds: int
    seeds: tuple[int, ...]
    out: Path

    def place(self, seed: int, fold: int) -> Path:
        """Where the package of one fold is written."""
        return self.out / f"seed-{seed}" / f"fold-{fold}"

    def one(self, seed: int, fold: int) -> TrainRequest:
        """The training of one fold."""
        shared = self.config.seed if self.config.split_seed < 0 else self.config.split_seed
        own = [f"folds={self.folds}", f"fold={fold}", f"seed={seed}", f"split_seed={shared}"]
        return self.request.model_copy(
            update={"settings": [*self.request.settings, *own], "out": name_of(self.place(seed, fold))}
        )


def run_crossval(args: argparse.Namespace) -> int:
    """Train and judge what is missing, write figures.json, print the table. Returns 0, or 130 when stopped."""
    plan = plan_of(args)
    emit = reporter(sys.stdout, jsonl=bool(args.jsonl))
    dataset = opened(plan.request, plan.config.ok_classes)
    with StopRequest() as stop:
        try:
            found = [_seed(plan, dataset, seed, emit, stop) for seed in plan.seeds]
        except Interrupted:
            emit(TrainingInterrupted(run=name_of(plan.out)))
            return INTERRUPTED_EXIT
        except LinesideError as error:
            emit(TrainingFailed(message=error.message, remedy=error.remedy))
            raise
    figures = {"command": plan.request.command(), "folds": plan.folds, "seeds": found, "median": _median(found)}
    write_atomically(plan.out / FIGURES, json.dumps(figures, indent=1, ensure_ascii=False).encode())
    print(table(figures), file=sys.stderr if args.jsonl else sys.stdout)
    return 0


def plan_of(args: argparse.Namespace) -> Plan:
    """What the arguments ask for. Raises UsageError for folds or seeds that cannot be used."""
    config = load_config(args.preset, args.set or ())
    folds = args.folds or config.folds or DEFAULT_FOLDS
    if folds < 2:
        raise UsageError(f"{folds} fold cannot be held out against others.", "Give --folds 2 or more.")
    try:
        seeds = tuple(int(s) for s in args.seeds.split(",") if s.strip()) or (config.seed,)
    except ValueError as error:
        raise UsageError(f"The seeds {args.seeds[:40]!r} are no whole numbers.", "Write --seeds 1,2,3.") from error
    if config.members:
        raise UsageError("An ensemble is not cross-validated in one go.", "Cross-validate its members.")
    request = TrainRequest(
        dataset=args.dataset,
        preset=args.preset,
        out="",
        layout=args.format,
        without_label=args.without_label,
        settings=list(args.set or ()),
        weights=args.weights,
    )
    return Plan(request, config, folds, seeds, Path(args.out))


def _seed(plan: Plan, dataset: Dataset, seed: int, emit: Emit, stop: StopRequest) -> dict[str, Any]:
    """Figures of all folds of one seed: each fold's own, and of all pictures together."""
    lines: list[dict[str, Any]] = []
    folds: list[dict[str, Any]] = []
    for fold in range(plan.folds):
        emit(TrainingNote(text=f"Seed {seed}, fold {fold + 1} of {plan.folds}."))
        package, seconds = _fold(plan, dataset, seed, fold, emit, stop)
        judged: list[str] = []
        figures = evaluate(package, dataset, part="test", precision="f32", line=judged.append)
        _write_lines(plan.place(seed, fold).with_suffix(".jsonl"), judged)
        lines += [json.loads(line) for line in judged]
        kept = {k: figures[k] for k in ("ap", "accuracy", "macro_f1", "escapes", "overkill", "threshold", "count")}
        folds.append({"fold": fold, "seconds": seconds, "version": package.version, **kept})
    return {"seed": seed, "folds": folds, **pooled(lines, package, folds)}


def _fold(
    plan: Plan, dataset: Dataset, seed: int, fold: int, emit: Emit, stop: StopRequest
) -> tuple[ModelPackage, float | None]:
    """The fold's package: the one that is there, if it was made by these settings of these pictures, else a new one."""
    place, request = plan.place(seed, fold), plan.one(seed, fold)
    if (place / MANIFEST).is_file():
        package = open_package(place)
        lineage = package.manifest.lineage
        wanted = load_config(request.preset, request.settings).model_dump(
            exclude_defaults=True, exclude={"description"}
        )
        if lineage.dataset_sha256 != dataset.sha256() or lineage.settings != wanted:
            raise InputError(
                f"{place} was trained on other pictures or with other settings.", "Give --out a new folder."
            )
        return package, None
    timed: list[float] = []

    def follow(event: Any) -> None:
        if event.event == "finished":
            timed.append(event.seconds)
        emit(event)

    return train(request, plan.out / "runs" / f"seed-{seed}-fold-{fold}", follow, stop), timed[-1]


def pooled(lines: Sequence[dict[str, Any]], package: ModelPackage, folds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Figures of all held-out pictures: verdicts at each fold's own threshold; AP as the mean of the folds' and pooled.

    Scores of different models are not on one scale, so the folds' mean AP is the figure to compare with publications.
    """
    classes, sound = package.manifest.class_names, package.manifest.ok_classes
    scores = np.array([[line["scores"][c] for c in classes] for line in lines])
    truth = [line["truth"] for line in lines]
    labels = [UNKNOWN_PART if line.get("unknown") else line["label"] or "no_verdict" for line in lines]
    exclusive = package.manifest.head != "sigmoid"
    figures = evaluate_scores(truth, labels, scores, classes, sound, 0.5, exclusive=exclusive)
    # Each fold had its own threshold.
    del figures["threshold"]
    positive = np.array([not line["sound"] for line in lines])
    wrong = sum(t != label for t, label in zip(truth, labels, strict=True))
    figures["mistakes"] = {"count": wrong, "of": len(lines), "interval": Share(wrong, len(lines)).interval}
    means = [f["ap"] for f in folds if f["ap"] is not None]
    figures["fold_ap"] = round(float(np.mean(means)), 6) if means else None
    if positive.any() and not positive.all():
        pool = np.array([line["score"] for line in lines])
        figures["ap"] = round(average_precision(positive, pool), 6)
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures for a person: a line a fold and one for each seed."""
    rows = [f"{'seed':>5}{'fold':>6}{'AP':>9}{'accuracy':>10}{'macro F1':>10}{'escapes':>12}{'overkill':>12}"]
    for seed in figures["seeds"]:
        for fold in seed["folds"]:
            rows.append(f"{seed['seed']:>5}{fold['fold']:>6}" + _cells(fold["ap"], fold))
        rows.append(f"{seed['seed']:>5}{'all':>6}" + _cells(seed["fold_ap"], seed))
    wrong = [f"{s['mistakes']['count']} of {s['mistakes']['of']}" for s in figures["seeds"]]
    median = figures["median"]
    rows.append(f"mistakes: {', '.join(wrong)}; median over seeds: mean fold AP {_number(median['fold_ap']).strip()}")
    return "\n".join(rows)


def _cells(ap: float | None, part: dict[str, Any]) -> str:
    escapes, overkill = (f"{part[k]['count']} of {part[k]['of']}" for k in ("escapes", "overkill"))
    return f"{_number(ap):>9}{_number(part['accuracy']):>10}{_number(part['macro_f1']):>10}{escapes:>12}{overkill:>12}"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"


def _median(seeds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    aps = [s["fold_ap"] for s in seeds if s["fold_ap"] is not None]
    middle = {k: float(np.median([s[k] for s in seeds])) for k in ("accuracy", "macro_f1")}
    mistakes = float(np.median([s["mistakes"]["count"] for s in seeds]))
    return {**middle, "fold_ap": float(np.median(aps)) if aps else None, "mistakes": mistakes}


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    write_atomically(path, ("\n".join(lines) + "\n").encode())
