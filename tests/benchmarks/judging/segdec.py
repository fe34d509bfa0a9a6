"""The seg-decision networks at 704×256, the published one and the fast one: milliseconds in each backend, and AP."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from engine.backends.openvino import OpenVinoModel
from engine.domain.inspection import Pixels
from engine.networks.load import load_graph
from engine.packages.package import ModelPackage
from engine.preprocessing.placement import prepare
from engine.system.threads import thread_budget
from trainer.evaluation.evaluate import evaluate, part_of
from trainer.formats.detect import open_dataset

PICTURES, ROUNDS = 12, 4


def _ways(package: ModelPackage, pictures: list[Pixels]) -> dict[str, Callable[[], object]]:
    torch.set_num_threads(thread_budget())
    graph = load_graph(package).eval()
    spec = package.manifest.input

    def plain() -> None:
        with torch.inference_mode():
            for pixels in pictures:
                graph(torch.from_numpy(prepare(pixels, spec)[np.newaxis]))

    ways: dict[str, Callable[[], object]] = {"torch": plain}
    for precision in ("f32", "bf16", *(("int8",) if package.int8_graph is not None else ())):
        model = OpenVinoModel(package, precision=precision)  # type: ignore[arg-type]
        ways[f"OpenVINO {precision}"] = lambda m=model: [m.run(p) for p in pictures]
    return ways


def measure(packages: dict[str, ModelPackage], pictures: list[Pixels]) -> list[tuple[str, float]]:
    """Milliseconds a picture from pixels to prediction (maps and regions too), the best of interleaved rounds."""
    ways = {f"{name}, {w}": run for name, p in packages.items() for w, run in _ways(p, pictures[:PICTURES]).items()}
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for way, work in ways.items():
            begun = time.perf_counter()
            work()
            best[way] = min(best[way], (time.perf_counter() - begun) * 1e3 / len(pictures[:PICTURES]))
    return list(best.items())


def hold_out(package: ModelPackage, folder: str) -> tuple[list[Pixels], dict[str, float]]:
    """The pictures of the held-out part, and AP there for each precision."""
    dataset = open_dataset(folder)
    pictures = [sample.load()[0] for sample in part_of(package, dataset, "test")]
    precisions = ("f32", "auto")
    return pictures, {p: evaluate(package, dataset, part="test", precision=p)["ap"] for p in precisions}
