"""`lineside train`: from the arguments to a package in one reading. Needs torch; arguments.py, which does not, declares
the arguments."""

from __future__ import annotations

import argparse
import errno
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import nn

from engine.domain.inspection import utc_now
from engine.errors import InputError, LinesideError, StorageError, UsageError
from engine.names import name_of, path_of
from engine.networks.catalogue import kind_of
from engine.networks.classifiers import TAUGHT_BY_MASK
from engine.packages.package import MANIFEST, ModelPackage, open_package
from engine.system.files import write_atomically
from engine.system.places import home
from engine.training import (
    CHECKPOINT,
    TrainingEvent,
    TrainingFailed,
    TrainingFinished,
    TrainingInterrupted,
    TrainingNote,
    TrainingProgress,
    TrainingStarted,
)
from trainer.config import TrainConfig, load_config
from trainer.data.challenge import KNOWN_SPILL, open_challenge, prepare_known
from trainer.data.material import Material, gather
from trainer.data.prepared import Prepared, prepare_samples
from trainer.packaging.critical import check_critical
from trainer.packaging.finish import Origin, finish
from trainer.runs.members import train_members
from trainer.runs.request import REQUEST, TrainRequest, opened
from trainer.runs.teacher import Lesson, lesson_of
from trainer.runtime.board import FOLDER, Board
from trainer.runtime.interrupt import Interrupted, StopRequest
from trainer.runtime.progress import Emit, reporter
from trainer.training.classifier import train_classifier
from trainer.training.decision_loss import balanced_weights
from trainer.training.frozen_views import view_files, with_views
from trainer.training.initial import fresh_network, inherited_network, normalisations
from trainer.training.job import Job
from trainer.training.processes import fabric_of, is_first, leave, threads_of, together
from trainer.training.segdec import train_segdec
from trainer.training.stages import freeze

SPLIT = "split.json"
INTERRUPTED_EXIT = 130
DISK_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """All that the loop and what follows it need."""

    job: Job
    material: Material
    lesson: Lesson | None


def run_train(args: argparse.Namespace) -> int:
    """Train as asked and write the package. Returns 0, or 130 when stopped; raises LinesideError."""
    request, run = request_of(args)
    emit = reporter(sys.stdout, jsonl=bool(args.jsonl))
    with StopRequest() as stop:
        try:
            _train(request, run, emit, stop, several=True)
        except Interrupted:
            if not is_first():
                # The first process tells; another exit code would make it end at once.
                return 0
            emit(TrainingInterrupted(run=name_of(run)))
            return INTERRUPTED_EXIT
        except LinesideError as error:
            if is_first():
                emit(TrainingFailed(message=error.message, remedy=error.remedy))
            raise
    return 0


def request_of(args: argparse.Namespace) -> tuple[TrainRequest, Path]:
    """The request and its run folder; of a resumed run, what was asked for then. Raises UsageError, InputError."""
    if args.resume:
        run = Path(args.resume)
        try:
            request = TrainRequest.model_validate_json((run / REQUEST).read_bytes())
        except (OSError, ValidationError) as error:
            raise InputError(f"{run} holds no run to resume.", "Give the folder the interrupted run named.") from error
        return (request.model_copy(update={"out": name_of(args.out)}) if args.out else request), run
    if not (args.dataset and args.preset and args.out):
        raise UsageError("Training needs a data set, --preset and --out.", "See lineside train --help.")
    request = TrainRequest(
        dataset=args.dataset,
        preset=args.preset,
        out=args.out,
        layout=args.format or "",
        without_label=args.without_label,
        settings=list(args.set or ()),
        weights=args.weights or "",
        parent=args.parent or "",
        challenge=args.challenge or "",
        product=args.product,
    )
    run = Path(args.run) if args.run else home() / "runs" / f"{utc_now():%Y%m%d-%H%M%S}-{args.preset}"
    if (run / CHECKPOINT).exists():
        raise UsageError(f"{run} holds a run already.", "Go on with it by --resume, or name another folder.")
    return request, run


def train(request: TrainRequest, run: Path, emit: Emit, stop: StopRequest) -> ModelPackage:
    """One training from its request to its package, in this process alone.

    Raises LinesideError, or Interrupted when asked to stop.
    """
    package = _train(request, run, emit, stop, several=False)
    assert package is not None
    return package


def _train(request: TrainRequest, run: Path, emit: Emit, stop: StopRequest, *, several: bool) -> ModelPackage | None:
    """`train`, in several processes where asked for; gives the package in the first of them only."""
    began = time.monotonic()
    out = path_of(request.out)
    _check_out(out)
    parent = open_package(path_of(request.parent)) if request.parent else None
    config = configure(request, parent)
    if config.members:
        return train_members(request, config, run, emit, stop, train)
    fabric = fabric_of(config, several=several)
    run = Path(fabric.broadcast(str(run)))
    first = fabric.is_global_zero
    board = together(fabric, lambda: Board(run / FOLDER) if config.tensorboard and first else None)

    def tell(event: TrainingEvent) -> None:
        if first:
            emit(event)
        if board is not None:
            board.write(event)

    with board or nullcontext(), _disk_full_in_words():
        begun = together(fabric, lambda: _begin(request, config, parent, fabric, run, tell, stop))
        job = begun.job
        (train_segdec if config.kind == "segdec" else train_classifier)(job)
        leave(fabric)
        package = _finish(begun, request, parent, out) if first else None
    for name in (_spill(fabric), *view_files(fabric.global_rank)):
        (run / name).unlink(missing_ok=True)
    if package is not None:
        seconds = round(time.monotonic() - began, 1)
        metrics = package.manifest.metrics
        emit(TrainingFinished(package=name_of(out), version=package.version, metrics=metrics, seconds=seconds))
    return package


def _begin(
    request: TrainRequest,
    config: TrainConfig,
    parent: ModelPackage | None,
    fabric: Fabric,
    run: Path,
    emit: Emit,
    stop: StopRequest,
) -> Begun:
    """Read the data and build the network."""
    lesson = lesson_of(request, config, emit, stop) if request.teacher else None
    dataset = lesson.dataset if lesson else opened(request, config.ok_classes)
    material = gather(dataset, config, parent, open_challenge(request.challenge, request.without_label))
    config = config.model_copy(update=material.settings)
    check_critical(config, material.classes, material.ok_classes)
    if fabric.is_global_zero:
        _open_run(run, request, material)
    for note in (*material.notes, *_balancing(config)):
        emit(TrainingNote(text=note))
    data = _prepare(material, config, emit, stop, fabric, run)
    network = _network(config, material, parent, request, resumed=(run / CHECKPOINT).exists())
    taught = lesson.scores_for(material.samples) if lesson else None
    job = _job(config, network, data, material, fabric, emit, stop, run, taught)
    if parent is not None and material.new is None:
        job = replace(job, frozen=(*job.frozen, *normalisations(network)))
    emit(_started(request, job, material))
    return Begun(with_views(job, run), material, lesson)


def _job(
    config: TrainConfig,
    network: nn.Module,
    data: Prepared,
    material: Material,
    fabric: Fabric,
    emit: Emit,
    stop: StopRequest,
    run: Path,
    taught: NDArray[np.float32] | None,
) -> Job:
    train = np.array(material.split.train, np.int64)
    weights = None
    if config.class_weights == "balanced":
        held = None if data.held is None else data.held[train]
        weights = balanced_weights(data.labels[train], held, len(material.classes))
    return Job(
        config=config,
        network=network.to(memory_format=torch.channels_last),
        data=data,
        train=train,
        validation=np.array(material.split.validation, np.int64),
        sound=tuple(i for i, name in enumerate(material.classes) if name in material.ok_classes),
        fabric=fabric,
        emit=emit,
        stop=stop,
        run=run,
        new=material.new,
        teacher=taught,
        frozen=freeze(network, config.freeze),
        weights=weights,
    )


def _finish(begun: Begun, request: TrainRequest, parent: ModelPackage | None, out: Path) -> ModelPackage:
    job, material = begun.job, begun.material
    job.emit(TrainingNote(text="Calibrating, judging the held-out part and writing the package."))
    challenge = prepare_known(material.known, job.config, job.emit, job.stop, job.run)
    teacher = begun.lesson.teacher if begun.lesson else None
    origin = Origin(request.preset, request.command(), parent, challenge, teacher, request.product)
    package = finish(job, material, origin, out)
    (job.run / KNOWN_SPILL).unlink(missing_ok=True)
    return package


@contextmanager
def _disk_full_in_words() -> Iterator[None]:
    """A full disk as one sentence, whoever found it."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise StorageError(
            f"The disk is full: {error.filename or 'a file'} could not be written.",
            "Free some space, then go on with --resume.",
        ) from error


def configure(request: TrainRequest, parent: ModelPackage | None) -> TrainConfig:
    """The preset with its settings; from a package: its architecture, input and map threshold."""
    if parent is None:
        config = load_config(request.preset, request.settings)
        if kind_of(config.architecture) != config.kind:
            raise UsageError(
                f"The architecture {config.architecture} is no {config.kind}.", "Choose a preset of its kind."
            )
        return config
    if request.weights:
        raise UsageError("--from and --weights exclude each other.", "Give one of them.")
    manifest = parent.manifest
    inherited: dict[str, Any] = {
        "kind": manifest.kind,
        "architecture": manifest.architecture,
        "head": manifest.head,
        "map_threshold": manifest.map.threshold,
        **manifest.input.model_dump(),
    }
    return load_config(request.preset, request.settings, inherited)


def _balancing(config: TrainConfig) -> tuple[str, ...]:
    """What to say of settings that balance the classes two times."""
    if config.class_weights == "none" or config.sampling == "plain":
        return ()
    return (
        f"Balanced twice: sampling={config.sampling} shows rare classes more often and class_weights=balanced counts "
        "them more in the loss. The Severstal preset does so on purpose; GC10's publication found it unstable.",
    )


def _spill(fabric: Fabric) -> str:
    """Where the prepared pictures of a process go that do not fit in memory."""
    return f"pictures-{fabric.global_rank}.npy" if fabric.global_rank else "pictures.npy"


def _prepare(
    material: Material, config: TrainConfig, emit: Emit, stop: StopRequest, fabric: Fabric, run: Path
) -> Prepared:
    def progress(done: int, total: int) -> None:
        stop.check()
        emit(TrainingProgress(stage="pictures", done=done, total=total))

    return prepare_samples(
        material.samples,
        material.classes,
        material.ok_classes,
        config.input,
        with_masks=config.kind == "segdec" or config.window_epochs > 0 or config.architecture in TAUGHT_BY_MASK,
        threads=threads_of(config, fabric),
        progress=progress,
        spill=run / _spill(fabric),
    )


def _network(
    config: TrainConfig, material: Material, parent: ModelPackage | None, request: TrainRequest, *, resumed: bool
) -> nn.Module:
    if parent is not None:
        return inherited_network(parent, len(material.classes))
    # A resumed run takes its weights from the checkpoint: nothing is downloaded again.
    weights = "none" if resumed else request.weights or config.weights
    return fresh_network(config, len(material.classes), weights)


def _started(request: TrainRequest, job: Job, material: Material) -> TrainingStarted:
    return TrainingStarted(
        preset=request.preset,
        architecture=job.config.architecture,
        device=str(job.fabric.device),
        epochs=job.config.epochs,
        train=len(material.split.train),
        validation=len(material.split.validation),
        test=len(material.split.test),
    )


def _open_run(run: Path, request: TrainRequest, material: Material) -> None:
    """Keep what was asked for and the split. Raises InputError when a resumed run would get other pictures."""
    parts = _split_json(material)
    if (run / CHECKPOINT).exists() and (run / SPLIT).exists() and (run / SPLIT).read_bytes() != parts:
        raise InputError("The data set is not the one the run began with.", "Start a new run.")
    write_atomically(run / REQUEST, request.model_dump_json(indent=2).encode())
    write_atomically(run / SPLIT, parts)


def _split_json(material: Material) -> bytes:
    parts = {"train": material.split.train, "validation": material.split.validation, "test": material.split.test}
    keys = {name: [material.samples[i].key for i in rows] for name, rows in parts.items()}
    keys["dataset"] = [material.dataset.id, material.dataset.sha256()]
    return json.dumps(keys, indent=1, ensure_ascii=False).encode()


def _check_out(out: Path) -> None:
    """The package replaces what is at `out`; that may only be a package or nothing."""
    if out.suffix.lower() == ".zip":
        raise UsageError("A package is written as a folder.", "Give --out a folder name.")
    if out.exists() and not (out / MANIFEST).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} exists and is no model package.", "Give --out a new folder.")
