"""After the last epoch: calibration, threshold, figures on the held-out part, manifest, package."""

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
from engine.manifest import PACKAGE_SCHEMA, ClassSpec, LimitSpec, Lineage, Manifest, MapSpec
from engine.metrics import evaluate_scores, labels_at
from engine.networks.graph import Deployed
from engine.package import ModelPackage
from trainer.calibrate import limits_of, softmax, temperature_of
from trainer.deploy import deploy
from trainer.job import Job
from trainer.material import Material, ancestry, kept_path
from trainer.prepared import Prepared

PARITY_PICTURES = 8
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
    held = job.validation if job.validation.size else job.train[:0]
    logits = raw_scores(job, job.data, held)
    temperature = temperature_of(logits, job.data.labels[held])
    truth = [material.classes[i] for i in job.data.labels[held]]
    limits = _limits(job, material, origin, truth, softmax(logits / temperature))
    deployed = Deployed(job.network, job.config.architecture, temperature)
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name=out.name.removesuffix(".zip"),
        kind=job.config.kind,
        architecture=job.config.architecture,
        classes=[ClassSpec(name=n, role="ok" if n in material.ok_classes else "defect") for n in material.classes],
        input=job.config.input,
        map=MapSpec(kind=deployed.map_kind, threshold=job.config.map_threshold),
        thresholds=limits,
        calibration={"temperature": temperature},
        metrics=_metrics(job, material, origin, temperature, limits),
        lineage=lineage_of(job, material, origin),
    )
    some = job.data.pictures[np.concatenate((held, job.train))[:PARITY_PICTURES]]
    return deploy(out, manifest, deployed, some)


@torch.no_grad()
def raw_scores(job: Job, data: Prepared, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """N×K logits of the trained network in fp32, as OpenVINO computes them when pinned."""
    if not rows.size:
        return np.zeros((0, 1), np.float32)
    graph = Deployed(job.network, job.config.architecture).eval()
    graph.to(job.fabric.device)
    found = []
    for part in np.array_split(rows, -(-rows.size // 16)):
        job.stop.check()
        scores = graph(job.fabric.to_device(torch.from_numpy(data.pictures[part])))[0]
        found.append(torch.log(scores.clamp_min(1e-30)).cpu().numpy())
    return np.concatenate(found)


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
    if origin.parent is None:
        return limits_of(config.threshold, config.review_margin, truth, scores, material.classes, material.ok_classes)
    inherited = origin.parent.manifest.thresholds
    if "threshold" not in config.model_fields_set:
        return inherited
    margin = config.review_margin or max(0.0, inherited.review_to - inherited.ng_at)
    return limits_of(config.threshold, margin, truth, scores, material.classes, material.ok_classes)


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
    scores = softmax(raw_scores(job, data, rows) / temperature)
    labels = labels_at(scores, material.classes, material.ok_classes, limits.ng_at)
    return evaluate_scores(truth, labels, scores, material.classes, material.ok_classes, limits.ng_at)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
