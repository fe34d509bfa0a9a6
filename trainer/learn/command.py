"""`lineside learn`: asked for on the command line, told on it, written as a package. No torch."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from engine.backbone.backbone import Backbone
from engine.backends.openvino import LEARNT
from engine.errors import UsageError
from engine.learning.good_only import GoodOnly
from engine.learning.patch_head import PatchHead
from engine.packages.package import MANIFEST, ModelPackage, open_package
from engine.statistics.costs import Prices
from engine.system.files import write_atomically
from engine.teaching.course import Learnt, Rule, learn, teaches_places
from engine.teaching.package import Source, package
from engine.training import LEARN, TrainingFinished, TrainingNote, TrainingStarted
from trainer.data.material import ancestry, kept_path
from trainer.evaluation.study import cost_of
from trainer.formats.detect import OK, open_dataset
from trainer.formats.samples.dataset import Dataset, OneClassError
from trainer.formats.samples.unused import refuse_doubt
from trainer.learn.material import Taught, material
from trainer.runtime.progress import Emit, meter, reporter


def run_learn(args: argparse.Namespace) -> int:
    """Learn and write the package. Returns 0; raises LinesideError."""
    begun, out = time.monotonic(), Path(args.out)
    if out.suffix.lower() == ".zip" or (out.exists() and not (out / MANIFEST).is_file()):
        raise UsageError(f"{out} is no place for a package.", "Give --out a new folder.")
    rule = rule_of(args.recall, args.cost)
    parent = open_package(Path(args.parent)) if args.parent else None
    dataset = _dataset(args)
    emit: Emit = reporter(sys.stdout, jsonl=True) if args.jsonl else _quiet
    progress = meter(sys.stderr, "pictures") or _unwatched
    taught = material(dataset, good_only=args.good_only, parent=parent, progress=progress)
    spec = taught.spec
    emit(_started(taught))
    for note in taught.notes:
        _note(note, emit, args.jsonl)
    places = teaches_places(taught.words, taught.classes, taught.ok_classes)
    backbone = Backbone(spec.height, spec.width, spec.channels, threads=args.threads, patches=places)
    learnt = learn(backbone, taught.words, taught.classes, taught.ok_classes, rule)
    source = _source(args, dataset, taught, backbone.identity, parent)
    made = package(out, out.name, learnt, spec, [word.picture for word in taught.words], source)
    if args.json:
        write_atomically(Path(args.json), json.dumps(made.manifest.metrics, indent=2, ensure_ascii=False).encode())
    seconds = round(time.monotonic() - begun, 3)
    emit(TrainingFinished(package=str(out), version=made.version, metrics=made.manifest.metrics, seconds=seconds))
    if not args.jsonl:
        print(in_words(learnt, made, seconds))
    return 0


def rule_of(recall: float | None, cost: str | None) -> Rule:
    """How the limit is chosen. Raises UsageError."""
    if recall is not None and cost is not None:
        raise UsageError("--recall and --cost exclude each other.", "Give one of them.")
    if recall is not None and not 0.5 <= recall <= 1.0:
        raise UsageError("--recall is a share of the defects from 0.5 to 1.", "Give one, as 0.99.")
    found = cost_of(cost)
    return Rule(recall, None if found is None else Prices(found.escape, found.false_reject, 0.0))


def in_words(learnt: Learnt, made: ModelPackage, seconds: float) -> str:
    """What came of it, for a person."""
    figures = made.manifest.metrics["left_out"]
    good, bad = figures["good_parts"], figures["bad_parts"]
    how = {GoodOnly: "what is usual, from good parts alone", PatchHead: "where the defects lie, from what is painted"}
    lines = [
        f"{made.manifest.name} {made.version}: learnt in {seconds:.1f} s, "
        + how.get(type(learnt.head), f"{len(learnt.classes)} classes"),
        f"{good} good and {bad} bad parts, each judged by a model that was not taught it, at the limit "
        f"{learnt.figures.threshold:.3f}:",
    ]
    lines += [f"  defects that pass     {_of(figures['escapes'])}"] if bad else []
    lines += [f"  good parts rejected   {_of(figures['overkill'])}"] if good else []
    if not bad:
        lines.append("  Nothing is known of defects that pass: no bad part was taught.")
    return "\n".join(lines)


def _of(share: dict[str, Any]) -> str:
    low, high = share["interval"]
    return f"{share['count']} of {share['of']} ({low:.1%} to {high:.1%})"


def _dataset(args: argparse.Namespace) -> Dataset:
    """Good parts alone may be all there is."""
    names = tuple(part.strip() for part in args.ok_classes.split(",") if part.strip())
    try:
        return open_dataset(args.dataset, args.format, names, args.without_label)
    except OneClassError as error:
        sound = error.dataset.ok_classes
        if (not args.good_only and not args.parent) or (not sound and not args.parent):
            raise
        if args.without_label != OK:
            refuse_doubt(args.dataset, error.dataset.unused, error.dataset.doubtful)
        return error.dataset


def _source(
    args: argparse.Namespace, dataset: Dataset, taught: Taught, identity: str, parent: ModelPackage | None
) -> Source:
    words = ["lineside", LEARN, Path(args.dataset).name, "--out", Path(args.out).name]
    words += ["--good-only"] if args.good_only else []
    words += ["--from", Path(args.parent).name] if args.parent else []
    words += ["--product", args.product] if args.product else []
    words += ["--recall", str(args.recall)] if args.recall is not None else []
    words += ["--cost", args.cost] if args.cost else []
    words += ["--without-label", args.without_label] if args.without_label else []
    parts = len({word.part for word in taught.words})
    extra: dict[str, Any] = {"ancestors": ancestry(parent.manifest.lineage)} if parent else {}
    if dataset.doubtful:
        extra["without_label"] = OK
    return Source(
        dataset=dataset.id,
        dataset_sha256=dataset.sha256(),
        dataset_path=kept_path(dataset),
        parent=parent.version if parent else "",
        product=args.product or (parent.manifest.lineage.product if parent else ""),
        command=shlex.join(words),
        settings={"backbone": identity, "parts": parts, "pictures": len(taught.words)},
        extra=extra,
    )


def _started(taught: Taught) -> TrainingStarted:
    return TrainingStarted(
        preset=LEARN,
        architecture=LEARNT,
        device="cpu",
        epochs=0,
        train=len(taught.words),
        validation=0,
        test=0,
    )


def _note(text: str, emit: Emit, jsonl: bool) -> None:
    if jsonl:
        emit(TrainingNote(text=text))
    else:
        print(text, file=sys.stderr)


def _quiet(_event: object) -> None:
    """A person reads the last lines."""


def _unwatched(_done: int, _total: int) -> None:
    """No terminal: nobody watches the count."""
