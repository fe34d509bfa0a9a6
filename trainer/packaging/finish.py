"""After the last epoch: calibration, threshold, guard, figures on the held-out part, INT8, manifest, package."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.domain.inspection import utc_now
from engine.networks.graph import Deployed, Novelty
from engine.networks.load import load_novelty
from engine.packages.manifest import (
    PACKAGE_SCHEMA,
    ClassSpec,
    GuardSpec,
    Int8Spec,
    LimitSpec,
    Lineage,
    Manifest,
    MapSpec,
)
from engine.packages.package import ModelPackage, write_package
from engine.statistics.metrics import defect_scores
from engine.system.threads import thread_budget
from engine.training import TrainingNote
from trainer.data.material import Material, ancestry, kept_path
from trainer.data.prepared import Prepared
from trainer.formats.detect import OK
from trainer.formats.samples.dataset import UNLABELLED
from trainer.packaging.calibrate import (
    calibration_of,
    first_limits,
    limits_of,
    probabilities,
    surely_better,
    temperature_of,
)
from trainer.packaging.compare import JudgedParts, Rules, change_in_words, flips, judged_by
from trainer.packaging.critical import with_critical
from trainer.packaging.deploy import exported
from trainer.packaging.guard import MOST, descriptions_of, fit_novelty, limits_from, some, widened
from trainer.packaging.quantise import (
    CALIBRATION_PICTURES,
    GATE_PICTURES,
    RESTORE_SECONDS,
    Quantisable,
    graph_of,
    in_words,
    quantise,
    rows_for,
)
from trainer.training.initial import keep_some
from trainer.training.job import Job

PARITY_PICTURES = 8
FINE_TUNING_PICTURES, FINE_TUNING_GATE = 150, 300
"""What INT8 is calibrated with and checked on after a fine-tuning: the operator waits for it."""
PARENT_SHARE = 0.1
"""So much of the parent's weights a fine-tuned model keeps. Measured on two demo lines with a new kind: false rejects
of the known kinds 5 → 1 of 48 and 8 → 5, escapes of the new kind 6 → 8 of 31 and 18 → 20."""
FEWEST_TO_CHOOSE = 20
"""Defects, and as many sound parts, that the held-out part must have for a fine-tuning to choose a threshold on it."""
VERSIONED = ("lineside", "torch", "torchvision", "lightning-fabric", "onnx", "onnxscript", "openvino", "numpy")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the lineage tells of how the model was made."""

    preset: str
    command: str
    parent: ModelPackage | None
    challenge: Prepared | None = None
    """The pictures of `Material.known`, the parts every model of this product must judge right."""
    teacher: ModelPackage | None = None
    """Distillation: the package whose scores were learnt."""
    product: str = ""
    """Whose parts the model judges; empty: those of the model it was made from."""


def finish(job: Job, material: Material, origin: Origin, out: Path) -> ModelPackage:
    """Judge the held-out part in fp32, write the package. The network must be in eval mode with its best state."""
    if origin.parent is not None:
        keep_some(job.network, origin.parent, PARENT_SHARE, job.config.seed)
    held, head = job.validation, head_of(job)
    logits = raw_logits(job, job.data, held)
    known = job.data.labels if job.data.held is None else job.data.held.astype(np.int64)
    truth = [material.classes[i] for i in job.data.labels[held]]
    parent = origin.parent.manifest if origin.parent else None
    sparse = parent is not None and few(truth, material.ok_classes)
    temperature = _temperature_in(parent) if parent and sparse else temperature_of(logits, known[held], head)
    scores = probabilities(logits / temperature, head)
    limits = _limits(job, material, origin, truth, scores, sparse=sparse)
    classes, said = with_critical(_classes(material, parent), job.config, truth, scores)
    for text in said:
        job.emit(TrainingNote(text=text))
    novelty = _novelty(job, origin.parent)
    deployed = Deployed(job.network, job.config.architecture, temperature, head=head, novelty=novelty)
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name=out.name.removesuffix(".zip"),
        kind=job.config.kind,
        architecture=job.config.architecture,
        head="sigmoid" if head == "sigmoid" else "softmax",
        classes=classes,
        input=job.config.input,
        map=MapSpec(kind=deployed.map_kind, threshold=job.config.map_threshold),
        thresholds=limits,
        guard=_guard(job, parent, novelty=novelty is not None),
        calibration=calibration_of(logits, known[held], temperature, head, material.classes, material.ok_classes),
        lineage=lineage_of(job, material, origin),
    )
    manifest.metrics = _metrics(job, material, origin, manifest, logits)
    files = exported(manifest, deployed, job.data.pictures[np.concatenate((held, job.train))[:PARITY_PICTURES]])
    if job.config.int8:
        small, manifest.int8 = _int8(job, material, manifest, files, restore=parent is None)
        job.emit(TrainingNote(text=in_words(manifest.int8)))
        files.update(small)
    return write_package(out, manifest, files)


def _guard(job: Job, parent: Manifest | None, *, novelty: bool) -> GuardSpec:
    """What the pictures of both parts look like, and what the parent's did."""
    return limits_from(
        job.data.pictures,
        np.concatenate((job.train, job.validation)),
        novelty=novelty,
        brightness=job.config.brightness,
        contrast=job.config.contrast,
        exposure=job.config.exposure,
        earlier=parent.guard if parent else None,
    )


def head_of(job: Job) -> str:
    """`sigmoid` where several classes may hold, else `softmax`; one logit is two classes here (see raw_logits)."""
    return "sigmoid" if job.config.head == "sigmoid" else "softmax"


@torch.no_grad()
def raw_logits(job: Job, data: Prepared, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """N×K logits of the trained network in fp32; one logit x as (0, x), whose softmax is its sigmoid."""
    if not rows.size:
        return np.zeros((0, 2), np.float32)
    graph = Deployed(job.network, job.config.architecture).eval()
    graph.to(job.fabric.device)
    found = []
    for part in np.array_split(rows, -(-rows.size // 16)):
        job.stop.check()
        logits = graph.logits(job.fabric.to_device(torch.from_numpy(data.pictures[part]))).float()
        both = torch.cat((torch.zeros_like(logits), logits), dim=1) if logits.shape[1] == 1 else logits
        found.append(both.cpu().numpy())
    return np.concatenate(found)


def _novelty(job: Job, parent: ModelPackage | None) -> Novelty | None:
    """How far a picture lies from the training part, by the trained network's own activations.

    Where nothing of the parent's data is replayed it is the parent's, widened.
    """
    deployed = Deployed(job.network, job.config.architecture).eval()
    deployed.to(job.fabric.device)

    def described(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        chosen = some(rows, MOST if parent is None else MOST // 2, job.config.seed)
        return descriptions_of(deployed, job.data.pictures, chosen, job.stop.check)

    earlier = load_novelty(parent) if parent is not None and job.new is None else None
    if earlier is not None:
        return widened(earlier, described(np.concatenate((job.train, job.validation))))
    return fit_novelty(described(job.train), described(job.validation))


def _int8(
    job: Job, material: Material, manifest: Manifest, files: dict[str, bytes], *, restore: bool
) -> tuple[dict[str, bytes], Int8Spec]:
    """The INT8 files and how they did; the operator's own fine-tuning is spared the long second try."""
    calibration, held, unseen = rows_for(
        job.train,
        job.validation,
        job.config.seed,
        calibration=CALIBRATION_PICTURES if restore else FINE_TUNING_PICTURES,
        gate=GATE_PICTURES if restore else FINE_TUNING_GATE,
    )
    truth = [material.classes[i] for i in job.data.labels[held]]
    return quantise(
        lambda: graph_of(files),
        manifest,
        Quantisable(job.data.pictures, calibration, held, truth, unseen),
        check=job.stop.check,
        restore_seconds=RESTORE_SECONDS if restore else 0.0,
        threads=thread_budget(job.config.threads),
    )


def _classes(material: Material, parent: Manifest | None) -> list[ClassSpec]:
    """The classes with their roles; severity and threshold of those the parent knew stay as they were set."""
    known = {c.name: c for c in parent.classes} if parent else {}
    return [
        known.get(n, ClassSpec(name=n, role="ok" if n in material.ok_classes else "defect")) for n in material.classes
    ]


def lineage_of(job: Job, material: Material, origin: Origin) -> Lineage:
    """Where the model comes from, so that it can be made again."""
    parent = origin.parent
    extra: dict[str, Any] = {"ancestors": ancestry(parent.manifest.lineage)} if parent else {}
    if origin.teacher is not None:
        labels = "the teacher's" if material.dataset.format == UNLABELLED else "the data set's"
        extra["distilled_from"] = {**asdict(origin.teacher.ref), "labels": labels}
    if material.dataset.doubtful:
        extra["without_label"] = OK
    made_from = parent or origin.teacher
    return Lineage(
        dataset=material.dataset.id,
        dataset_sha256=material.dataset.sha256(),
        dataset_path=kept_path(material.dataset),
        parent=made_from.version if made_from else "",
        product=origin.product or (made_from.manifest.lineage.product if made_from else ""),
        preset=origin.preset,
        seed=job.config.seed,
        command=origin.command,
        trained_at=utc_now().isoformat(timespec="seconds"),
        versions=_versions(),
        settings=job.config.model_dump(exclude_defaults=True, exclude={"description"}),
        **extra,
    )


def few(truth: Sequence[str], ok_classes: Sequence[str]) -> bool:
    """Whether held-out parts with these labels are too few to choose a threshold or a temperature on."""
    sound = sum(name in ok_classes for name in truth)
    return len(truth) - sound < FEWEST_TO_CHOOSE or (bool(ok_classes) and sound < FEWEST_TO_CHOOSE)


def _temperature_in(manifest: Manifest) -> float:
    return float(manifest.calibration.get("temperature", 1.0))


def _limits(
    job: Job, material: Material, origin: Origin, truth: list[str], scores: NDArray[np.float64], *, sparse: bool
) -> LimitSpec:
    config = job.config
    classes, sound, exclusive = material.classes, material.ok_classes, head_of(job) != "sigmoid"
    if origin.parent is None:
        return first_limits(config.threshold, config.review_margin, truth, scores, classes, sound, exclusive=exclusive)
    inherited = origin.parent.manifest.thresholds
    if "threshold" not in config.model_fields_set:
        return inherited
    if sparse and config.threshold.startswith(("best", "recall")):
        text = (
            f"{len(truth)} held-out pictures are too few to choose a threshold; the parent's {inherited.ng_at} stays."
        )
        job.emit(TrainingNote(text=text))
        return inherited
    margin = config.review_margin or max(0.0, inherited.review_to - inherited.ng_at)
    chosen = limits_of(config.threshold, margin, truth, scores, classes, sound, exclusive=exclusive)
    bad = np.array([name not in sound for name in truth], bool)
    score = defect_scores(scores, classes, sound, exclusive=exclusive)
    if config.threshold != "best_f1" or surely_better(bad, score, inherited.ng_at, chosen.ng_at):
        return chosen
    text = (
        f"No other threshold is surely better on {len(truth)} held-out pictures: the parent's {inherited.ng_at} stays."
    )
    job.emit(TrainingNote(text=text))
    return inherited


def _metrics(
    job: Job, material: Material, origin: Origin, manifest: Manifest, logits: NDArray[np.float32]
) -> dict[str, Any]:
    """Figures on the held-out part, and after a fine-tuning the parent's on the same parts (`held_parent`) and both
    models' on the replayed pictures among the validation part (`replayed`, `replayed_parent`).

    `logits` are those of the validation part.
    """
    rows = np.array(material.split.test, np.int64)
    part = "test" if rows.size else "validation"
    rows = rows if rows.size else job.validation
    replayed = job.validation[~job.new[job.validation]] if job.new is not None else rows[:0]
    every = np.concatenate((rows, np.setdiff1d(replayed, rows)))
    truth = [material.classes[i] for i in job.data.labels[every]]
    known = logits if part == "validation" else raw_logits(job, job.data, every)
    new, old = _both(job, origin, manifest, job.data, every, known)
    held = np.arange(every.size) < rows.size
    figures = {"part": part, **new.some(held).figures(truth[: rows.size])}
    if old is not None:
        figures["held_parent"] = old.some(held).figures(truth[: rows.size])
        again = np.isin(every, replayed)
        kept = [name for name, chosen in zip(truth, again, strict=True) if chosen]
        figures["replayed"], figures["replayed_parent"] = new.some(again).figures(kept), old.some(again).figures(kept)
        text = change_in_words("Replayed pictures, held out", figures["replayed"], figures["replayed_parent"])
        if kept:
            job.emit(TrainingNote(text=text))
    return {**figures, **_challenged(job, material, origin, manifest)}


def _challenged(job: Job, material: Material, origin: Origin, manifest: Manifest) -> dict[str, Any]:
    """`challenge`: figures on the known parts; after a fine-tuning `challenge_parent` and `flips` (compare.flips)."""
    known = material.known
    if known is None or origin.challenge is None:
        return {}
    every = np.arange(len(origin.challenge))
    new, old = _both(job, origin, manifest, origin.challenge, every, raw_logits(job, origin.challenge, every))
    figures: dict[str, Any] = {"challenge": new.figures(known.truth)}
    if old is not None:
        figures["challenge_parent"] = old.figures(known.truth)
        figures["flips"] = flips([s.key for s in known.samples], known.truth, old, new)
    told = change_in_words("Challenge set", figures["challenge"], figures.get("challenge_parent"), figures.get("flips"))
    job.emit(TrainingNote(text=told))
    return figures


def _both(
    job: Job,
    origin: Origin,
    manifest: Manifest,
    data: Prepared,
    rows: NDArray[np.int64],
    logits: NDArray[np.float32],
) -> tuple[JudgedParts, JudgedParts | None]:
    """The same parts judged by the new model, whose `logits` of them are known, and by its parent: torch, fp32."""
    scores = probabilities(logits / _temperature_in(manifest), head_of(job))
    scores = scores if rows.size else np.zeros((0, len(manifest.classes)))
    old = judged_by(origin.parent, data.pictures, rows, job.fabric.device, job.stop.check) if origin.parent else None
    return JudgedParts(Rules.of(manifest), scores), old


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
