"""Several architectures trained one after the other by one preset, and combined into one package (`members`).

Each member lies in run/members/: one that is finished is kept, an interrupted one resumes. The threshold of all of them
together is chosen anew on the validation part, and the figures are theirs together on the held-out part.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.domain.inspection import utc_now
from engine.errors import InputError, UsageError
from engine.names import name_of, path_of
from engine.packages.manifest import LimitSpec, Lineage
from engine.packages.package import MANIFEST, ModelPackage, open_package
from engine.recipes.file import default_recipe, without_review
from engine.system.files import write_atomically
from engine.training import TrainingEvent, TrainingFinished, TrainingNote
from trainer.config import TrainConfig
from trainer.evaluation.evaluate import evaluate, evaluated, part_of
from trainer.formats.detect import open_dataset
from trainer.formats.samples.dataset import Dataset
from trainer.packaging.calibrate import first_limits
from trainer.packaging.combine import Weighted, combine
from trainer.packaging.complete import complete
from trainer.runs.request import REQUEST, TrainRequest, opened
from trainer.runtime.interrupt import StopRequest
from trainer.runtime.progress import Emit

MEMBERS, COMBINED = "members", "combined"
TrainOne = Callable[[TrainRequest, Path, Emit, StopRequest], ModelPackage]


def train_members(
    request: TrainRequest, config: TrainConfig, run: Path, emit: Emit, stop: StopRequest, train_one: TrainOne
) -> ModelPackage:
    """Train every architecture of `config.members` by `train_one`, and write their ensemble to the request's `out`.

    Raises LinesideError, or Interrupted when asked to stop; the same call goes on.
    """
    began = time.monotonic()
    if request.parent or request.weights not in {"", "none", "imagenet"}:
        raise UsageError("Members start from weights of their own.", "Use --weights imagenet or none, and no --from.")
    if len(config.members) < 2:
        raise UsageError("An ensemble needs two members or more.", "Name them in `members`.")
    write_atomically(run / REQUEST, request.model_dump_json(indent=2).encode())
    dataset = opened(request, config.ok_classes)
    taught = dataset.sha256()
    packages = []
    for number in range(len(config.members)):
        own = _own_request(request, config, number, run)
        packages.append(_kept(own, taught, emit) or _trained(own, emit, stop, train_one))
    emit(TrainingNote(text=f"Combining {len(packages)} members and judging them together."))
    stop.check()
    staging = run / MEMBERS / COMBINED
    shutil.rmtree(staging, ignore_errors=True)
    joint = combine([Weighted(p, 1.0) for p in packages], staging)
    joint = _settled(joint, request, config, packages[0].manifest.lineage, dataset)

    def say(text: str) -> None:
        stop.check()
        emit(TrainingNote(text=text))

    package = complete(joint, dataset, path_of(request.out), command=request.command(), say=say, int8=config.int8)
    shutil.rmtree(staging, ignore_errors=True)
    seconds = round(time.monotonic() - began, 1)
    metrics = package.manifest.metrics
    emit(TrainingFinished(package=request.out, version=package.version, metrics=metrics, seconds=seconds))
    return package


def _own_request(request: TrainRequest, config: TrainConfig, number: int, run: Path) -> TrainRequest:
    """The training of one member; its package lies in its run's folder."""
    folder = run / MEMBERS / f"{number + 1}-{config.members[number]}"
    settings = [*request.settings, *_own_settings(config, number)]
    return request.model_copy(update={"settings": settings, "out": name_of(folder / "package")})


def _kept(own: TrainRequest, taught: str, emit: Emit) -> ModelPackage | None:
    """The member that is there; None where it is still to be trained. Raises InputError for another training's."""
    out = path_of(own.out)
    if not (out / MANIFEST).is_file():
        return None
    package = open_package(out)
    same = (out.parent / REQUEST).read_text(encoding="utf-8") == own.model_dump_json(indent=2)
    if not same or package.manifest.lineage.dataset_sha256 != taught:
        raise InputError(f"{out.parent} is of another training.", "Name another folder with --run.")
    emit(TrainingNote(text=f"Member {out.parent.name} is there already."))
    return package


def _trained(own: TrainRequest, emit: Emit, stop: StopRequest, train_one: TrainOne) -> ModelPackage:
    def tell(event: TrainingEvent) -> None:
        # Whoever listens takes this event for the end of everything.
        if not isinstance(event, TrainingFinished):
            emit(event)

    folder = path_of(own.out).parent
    emit(TrainingNote(text=f"Member {folder.name}:"))
    package = train_one(own, folder, tell, stop)
    emit(TrainingNote(text=f"Member {folder.name}: {_in_words(package.manifest.metrics)}."))
    return package


def _own_settings(config: TrainConfig, number: int) -> list[str]:
    """What sets this member apart; one that occurs before gets a seed of its own, on the same split."""
    architecture = config.members[number]
    own = ["members=", f"architecture={architecture}", "int8=false"]
    repeats = config.members[:number].count(architecture)
    if repeats:
        split_seed = config.seed if config.split_seed < 0 else config.split_seed
        own += [f"seed={config.seed + repeats}", f"split_seed={split_seed}"]
    return own


def _settled(
    joint: ModelPackage, request: TrainRequest, config: TrainConfig, first: Lineage, dataset: Dataset
) -> ModelPackage:
    """The ensemble with where it comes from, its threshold chosen on the validation part, and its figures."""
    manifest = joint.manifest.model_copy(deep=True)
    manifest.name = Path(request.out).name
    manifest.lineage = first.model_copy(
        update={
            "command": request.command(),
            "trained_at": utc_now().isoformat(timespec="seconds"),
            "settings": _kept_settings(config),
            **(joint.manifest.lineage.model_extra or {}),
        }
    )
    package = replace(joint, manifest=manifest)
    if part_of(package, dataset, "validation"):
        manifest.thresholds = _limits(package, config, dataset)
        manifest.calibration |= {"validated": True, "threshold_from": "the validation part"}
    part = "test" if part_of(package, dataset, "test") else "validation"
    manifest.metrics = {"part": part, **_figures(package, dataset, part)}
    if request.challenge:
        known = open_dataset(request.challenge, "", manifest.ok_classes, request.without_label)
        manifest.metrics["challenge"] = _figures(package, known, "")
    text = manifest.model_dump_json(by_alias=True, indent=2, exclude_none=True)
    write_atomically(joint.folder / MANIFEST, text.encode())
    return open_package(joint.folder)


def _limits(package: ModelPackage, config: TrainConfig, dataset: Dataset) -> LimitSpec:
    manifest = package.manifest
    recipe = without_review(default_recipe(package))
    seen = evaluated(package, dataset, recipe, part="validation", precision="f32")
    read = [(t, j.prediction.scores) for t, j in zip(seen.truth, seen.judged, strict=True) if j.prediction is not None]
    return first_limits(
        config.threshold,
        config.review_margin,
        [truth for truth, _ in read],
        np.array([scores.values for _, scores in read], np.float64),
        manifest.class_names,
        manifest.ok_classes,
        exclusive=manifest.head != "sigmoid",
    )


def _figures(package: ModelPackage, dataset: Dataset, part: str) -> dict[str, Any]:
    """Those a single model's package keeps, in fp32."""
    found = evaluate(package, dataset, part=part, precision="f32")
    others = {"unreadable", "no_verdict", "milliseconds", "dataset", "model"}
    return {key: value for key, value in found.items() if key not in others}


def _kept_settings(config: TrainConfig) -> dict[str, Any]:
    """The settings as a lineage keeps them."""
    return config.model_dump(exclude_defaults=True, exclude={"description"})


def _in_words(metrics: dict[str, Any]) -> str:
    shown = ((name, metrics.get(key)) for name, key in (("accuracy", "accuracy"), ("macro-F1", "macro_f1")))
    return ", ".join(f"{name} {value:.4f}" for name, value in shown if isinstance(value, float))
