"""One model, the same pictures: plain torch against OpenVINO, one at a time and as a stream."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from engine.backends.load import load_model
from engine.domain.inspection import Pixels
from engine.networks.load import load_graph
from engine.packages.package import open_package
from engine.preprocessing.placement import prepare
from engine.sources.demo import PartMaker
from engine.system.places import demo_package
from engine.system.threads import thread_budget

PICTURES = 64
ROUNDS = 3


def measure() -> list[tuple[str, float]]:
    """Pictures a second from pixels to prediction, the best of three interleaved rounds; plain torch comes first."""
    maker = PartMaker(77, defect_rate=0.3)
    pictures: list[Pixels] = [maker.part(index).pixels for index in range(PICTURES)]
    rows: list[tuple[str, float]] = []
    for name in ("demo-segdec", "demo-classifier"):
        rows += [(f"{name}: {what}", rate) for what, rate in _one(name, pictures)]
    return rows


def _one(name: str, pictures: list[Pixels]) -> list[tuple[str, float]]:
    package = open_package(demo_package(name))
    torch.set_num_threads(thread_budget())
    graph = load_graph(package).eval()
    fp32, line = load_model(package, precision="f32"), load_model(package)
    scan = load_model(package, mode="throughput")

    def plain() -> None:
        with torch.inference_mode():
            for pixels in pictures:
                graph(torch.from_numpy(prepare(pixels, package.manifest.input)[np.newaxis]))

    ways: dict[str, Callable[[], object]] = {
        "plain torch": plain,
        "OpenVINO fp32, one at a time": lambda: [fp32.run(p) for p in pictures],
        "OpenVINO, one at a time": lambda: [line.run(p) for p in pictures],
        "OpenVINO, stream": lambda: list(scan.stream(iter(pictures))),
    }
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for way, work in ways.items():
            begun = time.perf_counter()
            work()
            best[way] = max(best[way], len(pictures) / (time.perf_counter() - begun))
    return list(best.items())
