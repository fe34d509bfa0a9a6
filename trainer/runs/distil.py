"""`lineside distil`: a small classifier learns the scores of any package (Hinton et al. 2015, "Distilling the
knowledge in a neural network"), through the same training loop as every other model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.domain.inspection import utc_now
from engine.errors import LinesideError, UsageError
from engine.names import name_of, path_of
from engine.networks.catalogue import OWN_CLASSIFIERS, kind_of
from engine.packages.manifest import Manifest
from engine.packages.package import ModelPackage, open_package
from engine.system.places import home
from engine.training import CHECKPOINT, TrainingFailed, TrainingInterrupted, TrainingNote
from trainer.config import parse_settings
from trainer.evaluation.evaluate import evaluate, part_of
from trainer.formats.samples.dataset import Dataset
from trainer.runs.request import TrainRequest, opened
from trainer.runs.teacher import in_the_words_of
from trainer.runs.train import INTERRUPTED_EXIT, train
from trainer.runtime.interrupt import Interrupted, StopRequest
from trainer.runtime.progress import reporter

PRESET = "distil"


@dataclass(frozen=True, slots=True)
class Compared:
    """One model on the held-out part, through the line's own backend as the line would run it."""

    name: str
    pictures: int
    part: str
    accuracy: float | None
    macro_f1: float | None
    ap: float | None
    megabytes: float
    """Of the graph the line loads."""
    milliseconds: float
    """A picture, several in flight, reading it included."""

    def in_words(self) -> str:
        """One line for a person."""
        figures = (("accuracy", self.accuracy), ("macro-F1", self.macro_f1), ("AP", self.ap))
        told = ", ".join(f"{name} {value:.4f}" if value is not None else f"{name} —" for name, value in figures)
        speed = f"{self.megabytes:.1f} MB, {self.milliseconds:.1f} ms a picture"
        return f"{self.name} on {self.pictures} pictures ({self.part}): {told}; {speed}"


def run_distil(args: argparse.Namespace) -> int:
    """Distil as asked and write the package. Returns 0, or 130 when stopped; raises LinesideError."""
    emit = reporter(sys.stdout, jsonl=bool(args.jsonl))
    request = request_of(args)
    run = Path(args.run) if args.run else home() / "runs" / f"{utc_now():%Y%m%d-%H%M%S}-distil"
    if (run / CHECKPOINT).exists():
        raise UsageError(f"{run} holds a run already.", "Go on with it by `lineside train --resume`, or name another.")
    with StopRequest() as stop:
        try:
            student = train(request, run, emit, stop)
            for compared in compare(request, student, stop):
                emit(TrainingNote(text=compared.in_words()))
        except Interrupted:
            emit(TrainingInterrupted(run=name_of(run)))
            return INTERRUPTED_EXIT
        except LinesideError as error:
            emit(TrainingFailed(message=error.message, remedy=error.remedy))
            raise
    return 0


def request_of(args: argparse.Namespace) -> TrainRequest:
    """The arguments as a training with a teacher; what the teacher settles comes before --set. Raises UsageError."""
    teacher = open_package(Path(args.package))
    if kind_of(args.student) != "classifier":
        raise UsageError(f"A student is a classifier, and {args.student} is none.", "Choose mobilenet_v3_small.")
    given = list(args.set or ())
    parse_settings(given)
    settings = [*inherited(teacher.manifest, args.student, sized=args.preset == PRESET)]
    settings += [f"distil_temperature={args.temperature}", f"distil_alpha={args.alpha}", *given]
    # Where nothing but the teacher labels, there is nothing else to learn from.
    settings += ["distil_alpha=1.0"] if args.unlabelled else []
    return TrainRequest(
        dataset=args.dataset,
        preset=args.preset,
        out=args.out,
        layout=args.format,
        without_label=args.without_label,
        settings=settings,
        weights=args.weights,
        teacher=args.package,
        product=args.product,
        unlabelled=args.unlabelled,
    )


def inherited(teacher: Manifest, student: str, *, sized: bool) -> list[str]:
    """The settings a student takes over: head and resizing, with `sized` the input's height and width too."""
    channels = teacher.input.channels if student in OWN_CLASSIFIERS else 3
    settings = [f"architecture={student}", f"channels={channels}", f"resize={teacher.input.resize}"]
    settings += ["head=sigmoid"] if teacher.head == "sigmoid" else []
    settings += [f"height={teacher.input.height}", f"width={teacher.input.width}"] if sized else []
    return settings


def compare(request: TrainRequest, student: ModelPackage, stop: StopRequest) -> list[Compared]:
    """Teacher and student on the pictures the student was not taught with; none where they have no label."""
    if request.unlabelled:
        return []
    teacher = open_package(path_of(request.teacher))
    sound = parse_settings(request.settings).get("ok_classes", [])
    dataset = in_the_words_of(teacher, opened(request, sound))
    for part in ("test", "validation"):
        held = part_of(student, dataset, part)
        if held:
            shown = replace(dataset, samples=tuple(held))
            return [_compared(package, shown, part, stop) for package in (teacher, student)]
    return []


def _compared(package: ModelPackage, shown: Dataset, part: str, stop: StopRequest) -> Compared:
    figures = evaluate(package, shown, progress=lambda _done, _total: stop.check())
    return Compared(
        name=f"{package.manifest.name} {package.version}",
        pictures=figures["count"],
        part=part,
        accuracy=figures["accuracy"],
        macro_f1=figures["macro_f1"],
        ap=figures["ap"],
        megabytes=_bytes_of(_graph_files(package)) / 1e6,
        milliseconds=figures["milliseconds"],
    )


def _graph_files(package: ModelPackage) -> list[Path]:
    graph = package.int8_graph or package.graph
    return [graph, graph.with_suffix(".bin")] if graph.suffix == ".xml" else [graph]


def _bytes_of(files: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in files)
