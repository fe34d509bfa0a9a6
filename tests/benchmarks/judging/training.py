"""An epoch of training on real castings beside a plain torchvision loop, epoch by epoch in turn, in one process.

Both learn the same pictures from the same split with the same network, optimiser, rate and flips, and are judged on the
same validation part; an epoch's seconds hold training and validation, ours also the checkpoint.
LINESIDE_BENCH_PICTURES takes only so many pictures; LINESIDE_WEIGHTS names MobileNetV2's weights to start from.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset
from torchvision import transforms

from engine.networks.catalogue import build
from engine.training import EpochDone, TrainingEvent
from trainer.runs.request import TrainRequest
from trainer.runs.train import SPLIT, train
from trainer.runtime.interrupt import Interrupted, StopRequest

EPOCHS, BATCH, SIDE, RATE = 3, 32, 224, 1e-3
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Pictures = Dataset[tuple[Tensor, int]]


@dataclass(slots=True)
class Measured:
    """Seconds and validation accuracy of each epoch, and what preparing the pictures took once."""

    architecture: str
    pictures: int = 0
    prepared: float = 0.0
    ours: list[tuple[float, float]] = field(default_factory=list)
    plain: list[tuple[float, float]] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times as fast our median epoch is."""
        seconds = [statistics.median(s for s, _ in rows) for rows in (self.plain, self.ours)]
        return seconds[0] / seconds[1]


class PlainLoop:
    """What a tutorial does: ImageFolder, DataLoader with two workers, fp32, Adam."""

    def __init__(self, folder: Path, split: Path, architecture: str, weights: str) -> None:
        scale = [transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)]
        size = transforms.Resize((SIDE, SIDE))
        flips = [transforms.RandomHorizontalFlip(), transforms.RandomVerticalFlip()]
        learnt = torchvision.datasets.ImageFolder(str(folder), transforms.Compose([size, *flips, *scale]))
        judged = torchvision.datasets.ImageFolder(str(folder), transforms.Compose([size, *scale]))
        at = {Path(path).relative_to(folder).as_posix(): n for n, (path, _) in enumerate(learnt.samples)}
        parts = json.loads(split.read_text(encoding="utf-8"))
        rows = {name: [at[key] for key in parts[name]] for name in ("train", "validation")}
        self.train: DataLoader[tuple[Tensor, int]] = _loader(Subset(learnt, rows["train"]), shuffle=True)
        self.validation: DataLoader[tuple[Tensor, int]] = _loader(Subset(judged, rows["validation"]), shuffle=False)
        state = torch.load(weights, weights_only=True) if weights else None
        self.network = build(architecture, 3, len(learnt.classes), state=state)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=RATE)
        self.criterion = nn.CrossEntropyLoss()

    def epoch(self) -> tuple[float, float]:
        """One epoch: its seconds, and the accuracy on the validation part."""
        began = time.perf_counter()
        self.network.train()
        for pictures, labels in self.train:
            self.optimizer.zero_grad()
            self.criterion(self.network(pictures), labels).backward()
            self.optimizer.step()
        self.network.eval()
        right = total = 0
        with torch.no_grad():
            for pictures, labels in self.validation:
                right += int((self.network(pictures).argmax(1) == labels).sum())
                total += len(labels)
        return time.perf_counter() - began, right / max(1, total)


def _loader(part: Pictures, *, shuffle: bool) -> DataLoader[tuple[Tensor, int]]:
    return DataLoader(part, batch_size=BATCH, shuffle=shuffle, num_workers=2, drop_last=shuffle)


def measure(folder: Path, epochs: int = EPOCHS) -> Measured:
    """Train on the class folders in `folder` both ways, one epoch of each in turn."""
    weights = os.environ.get("LINESIDE_WEIGHTS", "")
    found = Measured("mobilenet_v2" if weights else "resnet18")
    with tempfile.TemporaryDirectory() as scratch:
        pictures = _some(folder, Path(scratch) / "pictures", int(os.environ.get("LINESIDE_BENCH_PICTURES", "0")))
        request = TrainRequest(
            dataset=str(pictures),
            preset="casting-fast",
            out=str(Path(scratch) / "package"),
            weights=weights or "none",
            settings=_settings(found.architecture, epochs),
        )
        _in_turn(request, Path(scratch) / "run", pictures, weights, found, epochs)
    return found


def _settings(architecture: str, epochs: int) -> Sequence[str]:
    same = [f"architecture={architecture}", f"epochs={epochs}", f"batch={BATCH}", f"height={SIDE}", f"width={SIDE}"]
    same += ["optimizer=adam", f"learning_rate={RATE}", "weight_decay=0", "schedule=none", "patience=0", "average=0"]
    flips = ["flip_horizontal=true", "flip_vertical=true", "turn=false", "brightness=0", "contrast=0"]
    return [*same, *flips, "validation_fraction=0.15", "test_fraction=0", "keep=last"]


def _in_turn(request: TrainRequest, run: Path, folder: Path, weights: str, found: Measured, epochs: int) -> None:
    stop, began = StopRequest(), time.perf_counter()
    plain: list[PlainLoop] = []

    def follow(event: TrainingEvent) -> None:
        if event.event == "started":
            found.prepared, found.pictures = time.perf_counter() - began, event.train + event.validation
            plain.append(PlainLoop(folder, run / SPLIT, found.architecture, weights))
        if isinstance(event, EpochDone):
            found.ours.append((event.seconds, event.figures["accuracy"]))
            found.plain.append(plain[0].epoch())
            if event.epoch == epochs:
                # Export and quantisation are no part of the loop.
                stop.ask()

    try:
        train(request, run, follow, stop)
    except Interrupted:
        return


def _some(folder: Path, into: Path, count: int) -> Path:
    """The folder, or copies of `count` of its pictures, of every class alike."""
    if not count:
        return folder
    classes = sorted(p for p in folder.iterdir() if p.is_dir())
    for each in classes:
        (into / each.name).mkdir(parents=True)
        for picture in sorted(each.iterdir())[: count // len(classes)]:
            shutil.copy(picture, into / each.name)
    return into


def report(folder: Path) -> None:
    """Print the table."""
    found = measure(folder)
    print(f"Training {found.architecture} {SIDE}×{SIDE} on {found.pictures} castings, batch {BATCH}, epochs in turn")
    print(f"  {'epoch':<10}{'plain torchvision loop':>32}{'Lineside':>32}")
    for n, (plain, ours) in enumerate(zip(found.plain, found.ours, strict=True), 1):
        cells = [f"{s:.1f} s, accuracy {a:.4f}" for s, a in (plain, ours)]
        print(f"  {n:<10}{cells[0]:>32}{cells[1]:>32}")
    print(f"  {found.ratio:.2f}× (medians); pictures read and prepared once in {found.prepared:.1f} s more")
