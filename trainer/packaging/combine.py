"""`lineside combine`: several model packages become one that judges by the weighted mean of their scores. Needs torch;
cli.py, which does not, declares the arguments."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.domain.inspection import utc_now
from engine.errors import UsageError
from engine.names import name_of
from engine.networks.catalogue import ENSEMBLE
from engine.networks.ensemble import Ensemble, Member
from engine.networks.graph import Deployed
from engine.networks.load import load_graph
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, LimitSpec, Lineage, Manifest, MapSpec, MemberSpec
from engine.packages.package import GRAPH, MANIFEST, WEIGHTS, ModelPackage, open_package, write_package
from engine.preprocessing.input_spec import InputSpec
from engine.system.numbers import number
from trainer.packaging.deploy import check_parity, export_graph, weights_of

VERSIONED = ("lineside", "torch", "onnx", "onnxscript", "openvino")
PARITY_PICTURES = 4
ASPECT_TOLERANCE = 0.01
LEAST_WEIGHT = 1e-6
"""Of one package, where another has 1: below it nothing of it would be left in float32."""


@dataclass(frozen=True, slots=True)
class Weighted:
    """A package and how much its scores weigh."""

    package: ModelPackage
    weight: float


def run_combine(args: argparse.Namespace) -> int:
    """Combine as asked and write the package. Returns 0; raises LinesideError."""
    packages = [open_package(Path(place)) for place in args.packages]
    weights = weights_from(args.weights, len(packages))
    members = [Weighted(p, w) for p, w in zip(packages, weights, strict=True)]
    written = combine(members, Path(args.out), ng_at=args.ng_at)
    manifest = written.manifest
    print(f"{manifest.name} {written.version}: {len(members)} members, {len(manifest.classes)} classes")
    print(f"threshold {manifest.thresholds.ng_at:.4f} ({manifest.calibration['threshold_from']}, not validated)")
    print(f"Validate it with `lineside evaluate {shlex.quote(name_of(args.out))} DATASET` before it judges parts.")
    return 0


def weights_from(text: str, count: int) -> list[float]:
    """`2,1,1` as numbers above 0; 1 each when empty. Raises UsageError."""
    if not text:
        return [1.0] * count
    try:
        weights = [number(part) for part in text.split(",")]
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{text[:40]!r} is no list of weights.", "Give numbers, as in --weights 2,1,1.") from error
    if len(weights) != count or not all(w >= LEAST_WEIGHT for w in weights):
        raise UsageError(
            f"{count} packages need {count} weights of {LEAST_WEIGHT:g} at least.",
            "Give one a package, in the same order.",
        )
    return weights


def combine(members: Sequence[Weighted], out: Path, *, ng_at: float | None = None) -> ModelPackage:
    """Write the ensemble of the members, classes in the first one's order, and return it verified.

    Thresholds are the weighted mean of the members' unless `ng_at` is given; neither is validated, and the manifest
    says so; it has no metrics and no guard. Raises UsageError where the members do not go together.
    """
    check_members([m.package for m in members])
    if ng_at is not None and not 0.0 <= ng_at <= 1.0:
        raise UsageError(f"The threshold {ng_at} is not in 0…1.", "Give --ng-at a number from 0 to 1.")
    if out.suffix.lower() == ".zip" or (out.exists() and not (out / MANIFEST).is_file()):
        raise UsageError(f"{out} is no place for a package.", "Give --out a new folder.")
    first = members[0].package.manifest
    specs = [_member_spec(m) for m in members]
    ensemble = Ensemble([_member(m.package, s, first.class_names) for m, s in zip(members, specs, strict=True)]).eval()
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name=out.name,
        kind="segdec" if all(m.package.manifest.kind == "segdec" for m in members) else "classifier",
        architecture=ENSEMBLE,
        head=first.head,
        classes=_classes(members),
        input=shared_input([m.package.manifest.input for m in members]),
        map=MapSpec(
            kind=ensemble.map_kind, threshold=_mean(members, [m.package.manifest.map.threshold for m in members])
        ),
        thresholds=_limits(members, ng_at),
        members=specs,
        calibration={
            "validated": False,
            "threshold_from": "weighted mean of the members'" if ng_at is None else "given when combining",
        },
        lineage=_lineage(members, out),
    )
    graph = export_graph(ensemble, manifest.input)
    check_parity(graph, ensemble, _pictures(manifest.input))
    return write_package(out, manifest, {GRAPH: graph, WEIGHTS: weights_of(ensemble)})


def check_members(packages: Sequence[ModelPackage]) -> None:
    """Raises UsageError unless there are two or more with the same classes and roles, one kind of scores, and inputs
    that show the same of a frame."""
    if len(packages) < 2:
        raise UsageError("An ensemble needs two packages or more.", "Name them one after the other.")
    first = packages[0].manifest
    for package in packages:
        other = package.manifest
        if other.architecture == ENSEMBLE:
            raise UsageError(f"{other.name} is an ensemble itself.", "Combine its members with the others.")
        if set(other.class_names) != set(first.class_names):
            odd = min(set(other.class_names) ^ set(first.class_names))
            raise UsageError(
                f"{first.name} and {other.name} differ in the class {odd!r}.", "Train them on the same classes."
            )
        if set(other.ok_classes) != set(first.ok_classes):
            raise UsageError(f"{first.name} and {other.name} differ in their sound classes.", "Train them on the same.")
        if other.head != first.head:
            raise UsageError(f"{first.name} and {other.name} differ in their heads.", "Combine models of one head.")
        if other.input.resize != first.input.resize or not _same_aspect(first.input, other.input):
            raise UsageError(
                f"{first.name} and {other.name} lay pictures into their inputs differently.", "Use the same `resize`."
            )


def shared_input(inputs: Sequence[InputSpec]) -> InputSpec:
    """The picture all members are given: the largest height, width and number of channels among their inputs."""
    return InputSpec(
        height=max(i.height for i in inputs),
        width=max(i.width for i in inputs),
        channels=3 if any(i.channels == 3 for i in inputs) else 1,
        resize=inputs[0].resize,
    )


def _same_aspect(one: InputSpec, other: InputSpec) -> bool:
    """Stretched inputs show the same whatever their shape; letterboxed ones only where the borders lie alike."""
    ratio = (one.width * other.height) / (one.height * other.width)
    return one.resize == "stretch" or abs(ratio - 1.0) <= ASPECT_TOLERANCE


def _member_spec(member: Weighted) -> MemberSpec:
    manifest = member.package.manifest
    size = manifest.input.model_dump(include={"height", "width", "channels"})
    return MemberSpec(architecture=manifest.architecture, weight=member.weight, **size)


def _member(package: ModelPackage, spec: MemberSpec, classes: Sequence[str]) -> Member:
    graph = load_graph(package)
    assert isinstance(graph, Deployed)
    names = package.manifest.class_names
    # What a member finds new is no measure for the others: an ensemble has no novelty.
    graph.novelty = None
    return Member(graph, spec, [names.index(name) for name in classes])


def _classes(members: Sequence[Weighted]) -> list[ClassSpec]:
    """The first member's classes; their own thresholds as the weighted mean where every member has one."""
    found = []
    for spec in members[0].package.manifest.classes:
        all_of = [next(c for c in m.package.manifest.classes if c.name == spec.name) for m in members]
        own = [c.ng_at for c in all_of if c.ng_at is not None]
        ng_at = _mean(members, own) if len(own) == len(members) else None
        found.append(spec.model_copy(update={"ng_at": ng_at}))
    return found


def _limits(members: Sequence[Weighted], ng_at: float | None) -> LimitSpec:
    own = [m.package.manifest.thresholds for m in members]
    middle = _mean(members, [t.ng_at for t in own])
    below, above = (
        middle - _mean(members, [t.review_from for t in own]),
        _mean(members, [t.review_to for t in own]) - middle,
    )
    at = middle if ng_at is None else ng_at
    return LimitSpec(ng_at=at, review_from=max(0.0, at - max(0.0, below)), review_to=min(1.0, at + max(0.0, above)))


def _mean(members: Sequence[Weighted], values: Sequence[float]) -> float:
    return round(float(np.average(values, weights=[m.weight for m in members])), 6)


def _lineage(members: Sequence[Weighted], out: Path) -> Lineage:
    places = [m.package.folder.name for m in members]
    weights = ",".join(f"{m.weight:g}" for m in members)
    versions = {}
    for name in VERSIONED:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    extra = {"members": [{"name": m.package.ref.name, "version": m.package.version} for m in members]}
    return Lineage(
        command=shlex.join(["lineside", "combine", *places, "--weights", weights, "--out", out.name]),
        trained_at=utc_now().isoformat(timespec="seconds"),
        versions=versions,
        **extra,
    )


def _pictures(spec: InputSpec) -> NDArray[np.uint8]:
    """Random smooth pictures N×H×W×C to compare the graph with the networks on."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (PARITY_PICTURES, 12, 12, spec.channels), np.uint8)
    smooth = [cv2.resize(p, (spec.width, spec.height), interpolation=cv2.INTER_CUBIC) for p in coarse]
    return np.stack(smooth).reshape(-1, spec.height, spec.width, spec.channels).astype(np.uint8)
