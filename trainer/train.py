"""`lineside train`: from the arguments to a package in one reading. Needs torch; cli.py, which does not, declares the
arguments."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from lightning_fabric import Fabric
from pydantic import BaseModel, ValidationError
from torch import nn

from engine.domain import utc_now
from engine.errors import InputError, LinesideError, UsageError
from engine.networks.catalogue import kind_of
from engine.networks.classifiers import TAUGHT_BY_MASK
from engine.package import MANIFEST, ModelPackage, open_package
from engine.settings import home, thread_budget, write_atomically
from engine.training import (
    TrainingFailed,
    TrainingFinished,
    TrainingInterrupted,
    TrainingNote,
    TrainingProgress,
    TrainingStarted,
)
from trainer.classifier import train_classifier
from trainer.config import TrainConfig, load_config
from trainer.finish import Origin, finish
from trainer.formats.detect import open_dataset
from trainer.initial import fresh_network, inherited_network
from trainer.interrupt import Interrupted, StopRequest
from trainer.job import CHECKPOINT, Job
from trainer.material import Material, gather
from trainer.prepared import Prepared, prepare_samples
from trainer.progress import Emit, reporter
from trainer.segdec import train_segdec

REQUEST = "run.json"
SPLIT = "split.json"
SPILL = "pictures.npy"
INTERRUPTED_EXIT = 130


class TrainRequest(BaseModel):
    """What was asked for; kept in the run's folder so that `--resume` needs nothing else."""

    dataset: str
    preset: str
    out: str
    layout: str = ""
    settings: list[str] = []
    weights: str = ""
    parent: str = ""
    challenge: str = ""

    def command(self) -> str:
        """The command that asks for the same; whole paths are cut to their names, they say nothing elsewhere."""
        words = ["lineside", "train", _short(self.dataset), "--preset", self.preset]
        for option, value in (("--format", self.layout), ("--weights", self.weights), ("--from", self.parent)):
            words += [option, _short(value)] if value else []
        for setting in self.settings:
            words += ["--set", setting]
        return shlex.join([*words, "--out", _short(self.out)])


def run_train(args: argparse.Namespace) -> int:
    """Train as asked and write the package. Returns 0, or 130 when stopped; raises LinesideError."""
    request, run = request_of(args)
    emit = reporter(sys.stdout, jsonl=bool(args.jsonl))
    with StopRequest() as stop:
        try:
            train(request, run, emit, stop)
        except Interrupted:
            emit(TrainingInterrupted(run=str(run)))
            return INTERRUPTED_EXIT
        except LinesideError as error:
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
        return (request.model_copy(update={"out": args.out}) if args.out else request), run
    if not (args.dataset and args.preset and args.out):
        raise UsageError("Training needs a data set, --preset and --out.", "See lineside train --help.")
    request = TrainRequest(
        dataset=args.dataset,
        preset=args.preset,
        out=args.out,
        layout=args.format or "",
        settings=list(args.set or ()),
        weights=args.weights or "",
        parent=args.parent or "",
        challenge=args.challenge or "",
    )
    run = Path(args.run) if args.run else home() / "runs" / f"{utc_now():%Y%m%d-%H%M%S}-{args.preset}"
    if (run / CHECKPOINT).exists():
        raise UsageError(f"{run} holds a run already.", "Go on with it by --resume, or name another folder.")
    return request, run


def train(request: TrainRequest, run: Path, emit: Emit, stop: StopRequest) -> ModelPackage:
    """One training from its request to its package. Raises LinesideError, or Interrupted when asked to stop."""
    began = time.monotonic()
    out = Path(request.out)
    _check_out(out)
    parent = open_package(Path(request.parent)) if request.parent else None
    config = configure(request, parent)
    fabric = _fabric(config)
    dataset = open_dataset(request.dataset, request.layout, config.ok_classes)
    material = gather(dataset, config, parent)
    _open_run(run, request, material)
    for note in material.notes:
        emit(TrainingNote(text=note))
    data = _prepare(material, config, emit, stop, run)
    network = _network(config, material, parent, request, resumed=(run / CHECKPOINT).exists())
    job = _job(config, network, data, material, fabric, emit, stop, run)
    emit(_started(request, job, material))
    (train_segdec if config.kind == "segdec" else train_classifier)(job)
    emit(TrainingNote(text="Calibrating, judging the held-out part and writing the package."))
    challenge = _challenge(request, material, config, emit, stop)
    package = finish(job, material, Origin(request.preset, request.command(), parent, challenge), out)
    (run / SPILL).unlink(missing_ok=True)
    emit(
        TrainingFinished(
            package=str(out),
            version=package.version,
            metrics=package.manifest.metrics,
            seconds=round(time.monotonic() - began, 1),
        )
    )
    return package


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


def _fabric(config: TrainConfig) -> Fabric:
    threads = thread_budget(config.threads)
    torch.set_num_threads(threads)
    # Pictures are prepared by a pool of this many threads; OpenCV must not multiply them.
    cv2.setNumThreads(1)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    graphics = torch.cuda.is_available()
    half = config.precision == "bf16" or (config.precision == "auto" and (graphics or _cpu_has_bf16()))
    fabric = Fabric(
        accelerator="auto" if graphics else "cpu",
        devices="auto" if graphics else 1,
        precision="bf16-mixed" if half else "32-true",
    )
    fabric.launch()
    torch.manual_seed(config.seed)
    return fabric


def _cpu_has_bf16() -> bool:
    """True where bf16 is computed in hardware; elsewhere it would be slower than fp32."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="ascii", errors="ignore") if info.exists() else ""
    return "avx512_bf16" in text or "amx_bf16" in text


def _prepare(material: Material, config: TrainConfig, emit: Emit, stop: StopRequest, run: Path) -> Prepared:
    def progress(done: int, total: int) -> None:
        stop.check()
        emit(TrainingProgress(stage="pictures", done=done, total=total))

    return prepare_samples(
        material.samples,
        material.classes,
        material.ok_classes,
        config.input,
        with_masks=config.kind == "segdec" or config.window_epochs > 0 or config.architecture in TAUGHT_BY_MASK,
        threads=thread_budget(config.threads),
        progress=progress,
        spill=run / SPILL,
    )


def _job(
    config: TrainConfig,
    network: nn.Module,
    data: Prepared,
    material: Material,
    fabric: Fabric,
    emit: Emit,
    stop: StopRequest,
    run: Path,
) -> Job:
    return Job(
        config=config,
        network=network.to(memory_format=torch.channels_last),
        data=data,
        train=np.array(material.split.train, np.int64),
        validation=np.array(material.split.validation, np.int64),
        sound=tuple(i for i, name in enumerate(material.classes) if name in material.ok_classes),
        fabric=fabric,
        emit=emit,
        stop=stop,
        run=run,
        new=material.new,
    )


def _network(
    config: TrainConfig, material: Material, parent: ModelPackage | None, request: TrainRequest, *, resumed: bool
) -> nn.Module:
    if parent is not None:
        return inherited_network(parent, len(material.classes))
    # A resumed run takes its weights from the checkpoint: nothing is downloaded again.
    weights = "none" if resumed else request.weights or config.weights
    return fresh_network(config, len(material.classes), weights)


def _challenge(
    request: TrainRequest, material: Material, config: TrainConfig, emit: Emit, stop: StopRequest
) -> tuple[Prepared, tuple[str, ...]] | None:
    if not request.challenge:
        return None
    parts = open_dataset(request.challenge, "", material.ok_classes)

    def progress(done: int, total: int) -> None:
        stop.check()
        emit(TrainingProgress(stage="challenge", done=done, total=total))

    data = prepare_samples(
        parts.samples, parts.classes, (), config.input, with_masks=False, threads=1, progress=progress
    )
    return data, tuple(s.label for s in parts.samples)


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


def _short(text: str) -> str:
    path = Path(text)
    return path.name if path.is_absolute() else text
