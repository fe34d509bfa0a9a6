"""The default backend: OpenVINO on the CPU, without torch."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import cv2
import numpy as np
import openvino as ov

from engine.backends.outputs import interpret
from engine.domain import Box, ModelRef, Pixels, Prediction
from engine.errors import InferenceError, PackageError
from engine.package import ModelPackage
from engine.preprocess import prepare
from engine.settings import cache_folder, thread_budget

log = logging.getLogger(__name__)

Mode = Literal["latency", "throughput"]
Precision = Literal["auto", "f32"]
_Flight = tuple[Any, Pixels, Any, float, float]
"""Request, picture as given, picture as prepared, begun, prepared (seconds)."""


class OpenVinoModel:
    """A compiled package. `auto` precision takes bf16 where the CPU has it; `f32` gives the same on every CPU."""

    def __init__(
        self, package: ModelPackage, *, threads: int = 0, mode: Mode = "latency", precision: Precision = "auto"
    ) -> None:
        budget = thread_budget(threads)
        cv2.setNumThreads(budget)
        self._package = package
        self._compiled = _compile(package, budget, mode, precision)
        self._request: Any = self._compiled.create_infer_request()
        self._has_map = package.manifest.map.kind != "none"
        self._closed = False
        self._warm_up()

    @property
    def ref(self) -> ModelRef:
        """Name and version of its package."""
        return self._package.ref

    def run(self, pixels: Pixels, roi: Box | None = None) -> Prediction:
        """Judge one frame's pixels. Raises InferenceError."""
        begun = time.perf_counter()
        picture = self._prepare(pixels, roi)
        prepared = time.perf_counter()
        try:
            self._request.infer([picture], share_inputs=True)
        except RuntimeError as error:
            raise InferenceError(f"The model failed on a frame: {error}.", "Choose another model.") from error
        return self._finish(self._request, pixels, roi, begun, prepared)

    def stream(self, pictures: Iterable[Pixels], roi: Box | None = None) -> Iterator[Prediction]:
        """Judge many pictures with several requests in flight; predictions come in the pictures' order."""
        count = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        idle = [self._compiled.create_infer_request() for _ in range(max(2, count))]
        flying: deque[_Flight] = deque()
        try:
            for pixels in pictures:
                if not idle:
                    yield self._land(flying, idle, roi)
                begun = time.perf_counter()
                picture = self._prepare(pixels, roi)
                request = idle.pop()
                # `picture` stays referenced in `flying`: the request reads its memory until it has landed.
                request.start_async([picture], share_inputs=True)
                flying.append((request, pixels, picture, begun, time.perf_counter()))
            while flying:
                yield self._land(flying, idle, roi)
        finally:
            for request, *_ in flying:
                request.cancel()
                request.wait()

    def close(self) -> None:
        """Give the memory back; safe to call twice."""
        self._closed = True
        self._request = None
        self._compiled = None

    def _prepare(self, pixels: Pixels, roi: Box | None) -> Any:
        try:
            return prepare(pixels, self._package.manifest.input, roi)[np.newaxis]
        except (ValueError, cv2.error) as error:
            raise InferenceError(f"The frame does not fit the model: {error}.", "Check the source.") from error

    def _land(self, flying: deque[_Flight], idle: list[Any], roi: Box | None) -> Prediction:
        request, pixels, _, begun, prepared = flying.popleft()
        try:
            request.wait()
        except RuntimeError as error:
            raise InferenceError(f"The model failed on a picture: {error}.", "Choose another model.") from error
        prediction = self._finish(request, pixels, roi, begun, prepared)
        idle.append(request)
        return prediction

    def _finish(self, request: Any, pixels: Pixels, roi: Box | None, begun: float, prepared: float) -> Prediction:
        scores = np.array(request.get_tensor("scores").data[0], dtype=np.float32)
        maps = np.array(request.get_tensor("map").data[0], dtype=np.float32) if self._has_map else None
        found = interpret(scores, maps, self._package, (int(pixels.shape[0]), int(pixels.shape[1])), roi)
        ended = time.perf_counter()
        return Prediction(
            found.scores, found.regions, found.heat, found.model, (prepared - begun) * 1e3, (ended - prepared) * 1e3
        )

    def _warm_up(self) -> None:
        spec = self._package.manifest.input
        shape = (spec.height, spec.width) if spec.channels == 1 else (spec.height, spec.width, 3)
        self.run(np.zeros(shape, np.uint8))


def _compile(package: ModelPackage, threads: int, mode: Mode, precision: Precision) -> Any:
    core = ov.Core()
    options: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY" if mode == "latency" else "THROUGHPUT",
        "INFERENCE_NUM_THREADS": threads,
        "CACHE_DIR": str(cache_folder() / "compiled"),
    }
    if precision == "f32":
        options["INFERENCE_PRECISION_HINT"] = "f32"
    try:
        graph = core.read_model(package.graph)
        _check_contract(graph, package)
        return core.compile_model(graph, "CPU", options)
    except RuntimeError as error:
        log.error("OpenVINO: %s", error)
        raise PackageError(
            f"The graph of {package.manifest.name} cannot be read by OpenVINO.", "Export or train the model again."
        ) from error


def _check_contract(graph: Any, package: ModelPackage) -> None:
    """The graph must be what the manifest says: input size, class count, output names."""
    spec, remedy = package.manifest.input, "Export or train the model again."
    expected = [1, spec.height, spec.width, spec.channels]
    shape = graph.input(0).partial_shape
    if len(graph.inputs) != 1 or shape.is_dynamic or list(shape.to_shape()) != expected:
        raise PackageError(f"The graph's input is {shape}, the manifest says {expected}.", remedy)
    if graph.input(0).element_type != ov.Type.u8:
        raise PackageError("The graph's input is not 8-bit.", remedy)
    names = {name for output in graph.outputs for name in output.names}
    wanted = {"scores"} | ({"map"} if package.manifest.map.kind != "none" else set())
    if not wanted <= names:
        raise PackageError(f"The graph lacks the output {', '.join(sorted(wanted - names))}.", remedy)
    classes = list(graph.output("scores").partial_shape.to_shape())
    if classes != [1, len(package.manifest.classes)]:
        raise PackageError(f"The graph gives {classes} scores for {len(package.manifest.classes)} classes.", remedy)
