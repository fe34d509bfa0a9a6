"""ResNet-18 at 224×224 on casting/test: decode → verdict → Grad-CAM overlay → stored, against plain loops.

Every way decodes the same JPEGs from disk; start-up is apart. The plain loops are what one writes first with torch and
grad-cam; `asynchronous queue` is OpenVINO alone: decode, resize, infer in the same precision, and nothing kept.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import show_cam_on_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from db.recording.recorder import Recorder
from db.store.session import open_database
from engine.backends.load import load_model
from engine.backends.openvino import OpenVinoModel
from engine.domain.inspection import Frame, Inspection, Origin, Prediction, Traveller
from engine.domain.recipe import Recipe, SavingPolicy
from engine.events import StationEvent
from engine.images.listing import list_pictures
from engine.images.overlay import render
from engine.networks.graph import Normalise
from engine.networks.load import load_network
from engine.packages.package import ModelPackage
from engine.preprocessing.placement import prepare
from engine.recipes.file import default_recipe, with_saving
from engine.sources.files.folder import FolderSource
from engine.station import loop as station
from engine.station.loop import Station
from engine.system.threads import thread_budget

ROUNDS = 6
PLAIN_EVERY = 4
"""The plain loops take one picture in so many each round: they are slow, and every picture costs them the same."""


class Drawing:
    """A recorder that draws every part's overlay before it is stored, as a report would."""

    def __init__(self, inner: Recorder) -> None:
        self.inner, self.drawn = inner, 0

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        """Draw, then keep."""
        if frame is not None and prediction is not None:
            self.drawn += render(frame.pixels, prediction.heat, prediction.regions, "heat").shape[0] > 0
        self.inner(inspection, recipe, frame, prediction)

    def flush(self) -> None:
        """Commit."""
        self.inner.flush()


class Plain:
    """The plain torch loop, eager fp32, all cores; with grad-cam where asked for."""

    def __init__(self, package: ModelPackage) -> None:
        torch.set_num_threads(thread_budget())
        self.network: Any = load_network(package).eval()
        self.scale = Normalise(package.manifest.architecture).eval()
        self.side = (package.manifest.input.width, package.manifest.input.height)
        layers = [m for m in self.network.features.modules() if isinstance(m, nn.Conv2d)]
        self.target = list(self.network.features.children())[-1] if layers else layers[-1]

    def picture(self, path: Path) -> tuple[Any, torch.Tensor]:
        """Decoded and resized BGR, and the network's input."""
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        small = cv2.resize(pixels, self.side)
        x = torch.from_numpy(small).permute(2, 0, 1).unsqueeze(0).float() / 255.0
        return small, self.scale(x)

    def judge(self, paths: list[Path]) -> None:
        """Decode → verdict."""
        with torch.inference_mode():
            for path in paths:
                _, x = self.picture(path)
                torch.softmax(self.network(x), dim=1).argmax(dim=1).item()

    def explain(self, paths: list[Path]) -> None:
        """Decode → verdict → grad-cam overlay."""
        with GradCAM(model=self.network, target_layers=[self.target]) as cam:
            for path in paths:
                small, x = self.picture(path)
                with torch.no_grad():
                    label = int(self.network(x).argmax(dim=1))
                heat = cam(input_tensor=x, targets=[ClassifierOutputTarget(label)])[0]
                show_cam_on_image(small.astype(np.float32) / 255.0, heat)


def queue_alone(model: OpenVinoModel, package: ModelPackage, paths: list[Path]) -> None:
    """OpenVINO's asynchronous queue + decode + resize: the most this CPU gives for this graph."""
    import openvino as ov

    requests = ov.AsyncInferQueue(model._compiled)
    scores: list[float] = []
    requests.set_callback(lambda request, _: scores.append(float(request.get_tensor("scores").data[0, 0])))
    for path in paths:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        requests.start_async([prepare(pixels, package.manifest.input)[np.newaxis]])
    requests.wait_all()
    assert len(scores) == len(paths)


def lineside(package: ModelPackage, folder: Path, precision: Any, home: Path) -> float:
    """The scan as the station runs it, rows stored, overlay drawn for each part; seconds without start-up."""
    recipe = with_saving(default_recipe(package), SavingPolicy(False, 0))
    db = open_database(f"sqlite:///{home / 'bench.db'}")
    try:
        model = load_model(package, mode="throughput", precision=precision)
        ended: list[StationEvent] = []
        with Recorder(db, group=station.SCAN.group) as recorder:
            drawing = Drawing(recorder)
            line = Station(
                FolderSource(folder),
                model,
                recipe,
                record=drawing,
                publish=ended.append,
                traveller=lambda: Traveller(origin=Origin.SCAN),
                pace=station.SCAN,
            )
            begun = time.perf_counter()
            line.run()
            seconds = time.perf_counter() - begun
        assert drawing.drawn == len(list_pictures(folder))
        return seconds
    finally:
        db.close()


def measure(package: ModelPackage, folder: Path) -> list[tuple[str, float]]:
    """Pictures a second of each way, the best of interleaved rounds; the queue alone right before Lineside."""
    paths = list_pictures(folder)
    some, plain = paths[::PLAIN_EVERY], Plain(package)
    ways: dict[str, Callable[[], float]] = {
        "plain torch loop": lambda: _rate(len(some), lambda: plain.judge(some)),
        "plain torch + grad-cam loop": lambda: _rate(len(some), lambda: plain.explain(some)),
    }
    for precision in ("f32", "bf16", *(("int8",) if package.int8_graph is not None else ())):
        alone = OpenVinoModel(package, mode="throughput", precision=precision)  # type: ignore[arg-type]
        ways[f"OpenVINO's queue + decode alone, {precision}"] = lambda model=alone: _rate(
            len(paths), lambda: queue_alone(model, package, paths)
        )
        ways[f"Lineside, {precision}: verdict, overlay, stored"] = lambda p=precision: _scanned(package, folder, p)
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for way, work in ways.items():
            best[way] = max(best[way], work())
    return list(best.items())


def _rate(pictures: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return pictures / (time.perf_counter() - begun)


def _scanned(package: ModelPackage, folder: Path, precision: str) -> float:
    with tempfile.TemporaryDirectory() as home:
        return len(list_pictures(folder)) / lineside(package, folder, precision, Path(home))
