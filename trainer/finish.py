"""After the last epoch: calibration, threshold, guard, figures on the held-out part, INT8, manifest, package."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.domain import utc_now
from engine.manifest import PACKAGE_SCHEMA, ClassSpec, GuardSpec, Int8Spec, LimitSpec, Lineage, Manifest, MapSpec
from engine.metrics import evaluate_scores, labels_at
from engine.networks.graph import Deployed, Novelty
from engine.package import ModelPackage, write_package
from engine.settings import thread_budget
from engine.training import TrainingNote
from trainer.calibrate import calibration_of, limits_of, probabilities, temperature_of
from trainer.deploy import exported
from trainer.guard import MOST, descriptions_of, fit_novelty, limits_from, some
from trainer.job import Job
from trainer.material import Material, ancestry, kept_path
from trainer.prepared import Prepared
from trainer.quantise import RESTORE_SECONDS, Quantisable, graph_of, in_words, quantise, rows_for

PARITY_PICTURES = 8
FINE_TUNING_PICTURES = 150
"""What INT8 is calibrated with after a fine-tuning: the operator waits for it."""
VERSIONED = ("lineside", "torch", "torchvision", "lightning-fabric", "onnx", "onnxscript", "openvino", "numpy")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the lineage tells of how the model was made."""

    preset: str
    command: str
    parent: ModelPackage | None
    challenge: tuple[Prepared, tuple[str, ...]] | None = None
    """The known parts every model of this product must judge right, with their labels."""


def finish(job: Job, material: Material, origin: Origin, out: Path) -> ModelPackage:
    """Judge the held-out part in fp32, write the package. The network must be in eval mode with its best state."""
    held, head = job.validation, head_of(job)
    logits = raw_logits(job, job.data, held)
    known = job.data.labels if job.data.held is None else job.data.held.astype(np.int64)
    temperature = temperature_of(logits, known[held], head)
    truth = [material.classes[i] for i in job.data.labels[held]]
    limits = _limits(job, material, origin, truth, probabilities(logits / temperature, head))
    parent = origin.parent.manifest if origin.parent else None
    novelty = _novelty(job, MOST if parent is None else MOST // 2)
    deployed = Deployed(job.network, job.config.architecture, temperature, head=head, novelty=novelty)
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name=out.name.removesuffix(".zip"),
        kind=job.config.kind,
        architecture=job.config.architecture,
        head="sigmoid" if head == "sigmoid" else "softmax",
        classes=_classes(material, parent),
        input=job.config.input,
        map=MapSpec(kind=deployed.map_kind, threshold=job.config.map_threshold),
        thresholds=limits,
        guard=_guard(job, parent, novelty=novelty is not None),
        calibration=calibration_of(logits, known[held], temperature, head, material.classes, material.ok_classes),
        metrics=_metrics(job, material, origin, temperature, limits),
        lineage=lineage_of(job, material, origin),
    )
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


def _novelty(job: Job, most: int) -> Novelty | None:
    """How far a picture lies from the training part, by the trained network's own activations."""
    deployed = Deployed(job.network, job.config.architecture).eval()
    deployed.to(job.fabric.device)

    def described(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        chosen = some(rows, most, job.config.seed)
        return descriptions_of(deployed, job.data.pictures, chosen, job.stop.check)

    return fit_novelty(described(job.train), described(job.validation))


def _int8(
    job: Job, material: Material, manifest: Manifest, files: dict[str, bytes], *, restore: bool
) -> tuple[dict[str, bytes], Int8Spec]:
    """The INT8 files and how they did; the operator's own fine-tuning is spared the long second try."""
    calibration, held = rows_for(job.train, job.validation, job.config.seed)
    if not restore:
        calibration = some(calibration, FINE_TUNING_PICTURES, job.config.seed)
    return quantise(
        lambda: graph_of(files),
        manifest,
        Quantisable(job.data.pictures, calibration, held, [material.classes[i] for i in job.data.labels[held]]),
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
    return Lineage(
        dataset=material.dataset.id,
        dataset_sha256=material.dataset.sha256(),
        dataset_path=kept_path(material.dataset),
        parent=parent.version if parent else "",
        preset=origin.preset,
        seed=job.config.seed,
        command=origin.command,
        trained_at=utc_now().isoformat(timespec="seconds"),
        versions=_versions(),
        settings=job.config.model_dump(exclude_defaults=True, exclude={"description"}),
        **extra,
    )


def _limits(job: Job, material: Material, origin: Origin, truth: list[str], scores: NDArray[np.float64]) -> LimitSpec:
    config = job.config
    classes, sound, exclusive = material.classes, material.ok_classes, head_of(job) != "sigmoid"
    if origin.parent is None:
        return limits_of(config.threshold, config.review_margin, truth, scores, classes, sound, exclusive=exclusive)
    inherited = origin.parent.manifest.thresholds
    if "threshold" not in config.model_fields_set:
        return inherited
    margin = config.review_margin or max(0.0, inherited.review_to - inherited.ng_at)
    return limits_of(config.threshold, margin, truth, scores, classes, sound, exclusive=exclusive)


def _metrics(job: Job, material: Material, origin: Origin, temperature: float, limits: LimitSpec) -> dict[str, Any]:
    rows = np.array(material.split.test, np.int64)
    part = "test" if rows.size else "validation"
    rows = rows if rows.size else job.validation
    truth = [material.classes[i] for i in job.data.labels[rows]]
    figures = {"part": part, **_figures(job, material, job.data, rows, truth, temperature, limits)}
    if origin.challenge is not None:
        data, labels = origin.challenge
        every = np.arange(len(data))
        figures["challenge"] = _figures(job, material, data, every, list(labels), temperature, limits)
    return figures


def _figures(
    job: Job,
    material: Material,
    data: Prepared,
    rows: NDArray[np.int64],
    truth: list[str],
    temperature: float,
    limits: LimitSpec,
) -> dict[str, Any]:
    if not rows.size:
        return {}
    scores = probabilities(raw_logits(job, data, rows) / temperature, head_of(job))
    classes, sound, exclusive = material.classes, material.ok_classes, head_of(job) != "sigmoid"
    labels = labels_at(scores, classes, sound, limits.ng_at, exclusive=exclusive)
    return evaluate_scores(truth, labels, scores, classes, sound, limits.ng_at, exclusive=exclusive)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
