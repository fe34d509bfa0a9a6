"""What the class activation map costs in the graph: the same network with and without its second output."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import openvino as ov

from engine.packages.package import ModelPackage
from engine.system.threads import thread_budget

RUNS, ROUNDS = 60, 6


def _compiled(package: ModelPackage, precision: str, *, with_map: bool) -> Any:
    core = ov.Core()
    path = package.int8_graph if precision == "int8" else package.graph
    graph = core.read_model(path)
    if not with_map:
        for result in graph.get_results():
            if result.input_value(0).names & {"map"}:
                graph.remove_result(result)
    options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": thread_budget()}
    if precision != "int8":
        options["INFERENCE_PRECISION_HINT"] = precision
    return core.compile_model(graph, "CPU", options).create_infer_request()


def measure(package: ModelPackage) -> list[tuple[str, float, float]]:
    """(precision, milliseconds without the map, milliseconds with it): medians over interleaved rounds."""
    spec = package.manifest.input
    picture = np.random.default_rng(0).integers(0, 255, (1, spec.height, spec.width, spec.channels), np.uint8)
    found = []
    for precision in ("f32", "bf16", *(("int8",) if package.int8_graph is not None else ())):
        requests = [_compiled(package, precision, with_map=w) for w in (False, True)]
        times: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for request, kept in zip(requests, times, strict=True):
                for _ in range(RUNS):
                    begun = time.perf_counter()
                    request.infer([picture], share_inputs=True)
                    kept.append((time.perf_counter() - begun) * 1e3)
        found.append((precision, float(np.median(times[0])), float(np.median(times[1]))))
    return found
