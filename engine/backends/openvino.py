"""The default backend: OpenVINO on the CPU, without torch."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import cv2
import numpy as np

from engine.backends.core import core
from engine.backends.graph import REMEDY, check_answers, first_picture, read_graph
from engine.backends.outputs import Raw, assemble
from engine.domain.inspection import ModelRef, Pixels, Prediction
from engine.domain.recipe import WHOLE, View
from engine.errors import InferenceError, PackageError
from engine.names import name_of
from engine.packages.package import ModelPackage
from engine.preprocessing.look import Look, look
from engine.system.places import cache_folder, check_home
from engine.system.threads import thread_budget

log = logging.getLogger(__name__)

Mode = Literal["latency", "throughput"]
Precision = Literal["auto", "f32", "bf16", "int8"]
FOREIGN = "foreign"
"""Architecture of an imported model."""
LEARNT = "efficientnet-lite0"
"""Architecture of a head on the frozen backbone."""


@dataclass(slots=True, eq=False)
class _Flight:
    """One picture on its way: what was shown of it, and the outputs that have come back so far."""

    seen: Look
    begun: float
    raws: list[Raw | None]
    prepared: float = field(default_factory=time.perf_counter)

    @property
    def landed(self) -> bool:
        """True when every input is back."""
        return all(raw is not None for raw in self.raws)


class OpenVinoModel:
    """A compiled package.

    Precision: `auto` takes the INT8 graph where one passed its gate, else bf16 where the CPU has it (f32 for a model
    made elsewhere and for a head on the frozen backbone); `f32` gives the same on every CPU; `bf16` and `int8` ask for
    just that (`int8` raises PackageError where there is none).
    """

    def __init__(
        self, package: ModelPackage, *, threads: int = 0, mode: Mode = "latency", precision: Precision = "auto"
    ) -> None:
        budget = thread_budget(threads)
        cv2.setNumThreads(budget)
        self._package = package
        self._compiled = _compile(package, budget, mode, precision)
        self._request: Any = self._compiled.create_infer_request()
        names = {name for output in self._compiled.outputs for name in output.names}
        self._has_map = package.manifest.map.kind != "none"
        self._has_novelty = "novelty" in names
        self._warm_up()

    @property
    def ref(self) -> ModelRef:
        """Name and version of its package."""
        return self._package.ref

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        """Judge one frame's pixels. Raises InferenceError."""
        begun = time.perf_counter()
        seen = self._look(pixels, view)
        flight = _Flight(seen, begun, [None] * len(seen.inputs))
        for index, picture in enumerate(seen.inputs):
            try:
                self._request.infer([picture[np.newaxis]], share_inputs=True)
            except RuntimeError as error:
                raise InferenceError(f"The model failed on a frame: {error}.", "Choose another model.") from error
            flight.raws[index] = self._raw(self._request)
        return self._finish(flight)

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        """Judge many pictures with several requests in flight; predictions come in the pictures' order."""
        count = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        # Twice as many as are computed at a time: the next ones wait while this thread decodes and decides.
        idle = [self._compiled.create_infer_request() for _ in range(max(2, 2 * count))]
        flying: deque[tuple[Any, _Flight, int]] = deque()
        waiting: deque[_Flight] = deque()
        try:
            for pixels in pictures:
                begun = time.perf_counter()
                seen = self._look(pixels, view)
                waiting.append(_Flight(seen, begun, [None] * len(seen.inputs)))
                for index, picture in enumerate(seen.inputs):
                    if not idle:
                        self._land(flying, idle)
                    request = idle.pop()
                    # The flight keeps `seen`, whose memory the request reads until it has landed.
                    request.start_async([picture[np.newaxis]], share_inputs=True)
                    flying.append((request, waiting[-1], index))
                while waiting and waiting[0].landed:
                    yield self._finish(waiting.popleft())
            while waiting:
                while not waiting[0].landed:
                    self._land(flying, idle)
                yield self._finish(waiting.popleft())
        finally:
            for request, *_ in flying:
                request.cancel()
                # A request that was cancelled in time says so by raising.
                with suppress(RuntimeError):
                    request.wait()

    def close(self) -> None:
        """Give the memory back; safe to call twice."""
        self._request = None
        self._compiled = None

    def _look(self, pixels: Pixels, view: View) -> Look:
        try:
            return look(pixels, self._package.manifest.input, view)
        except (ValueError, cv2.error) as error:
            raise InferenceError(f"The frame does not fit the model: {error}.", "Check the source.") from error

    def _land(self, flying: deque[tuple[Any, _Flight, int]], idle: list[Any]) -> None:
        request, flight, index = flying.popleft()
        try:
            request.wait()
        except RuntimeError as error:
            raise InferenceError(f"The model failed on a picture: {error}.", "Choose another model.") from error
        flight.raws[index] = self._raw(request)
        idle.append(request)

    def _raw(self, request: Any) -> Raw:
        return Raw(
            np.array(request.get_tensor("scores").data[0], dtype=np.float32),
            np.array(request.get_tensor("map").data[0], dtype=np.float32) if self._has_map else None,
            float(request.get_tensor("novelty").data.ravel()[0]) if self._has_novelty else None,
        )

    def _finish(self, flight: _Flight) -> Prediction:
        found = assemble([raw for raw in flight.raws if raw is not None], flight.seen, self._package)
        ended = time.perf_counter()
        prepare_ms, infer_ms = (flight.prepared - flight.begun) * 1e3, (ended - flight.prepared) * 1e3
        return replace(found, prepare_ms=prepare_ms, infer_ms=infer_ms)

    def _warm_up(self) -> None:
        """The first frame must not wait, and a graph that answers no numbers must not reach the line."""
        spec = self._package.manifest.input
        self._request.infer([first_picture(spec).reshape(1, spec.height, spec.width, spec.channels)])
        raw = self._raw(self._request)
        check_answers(raw.scores, raw.maps, raw.novelty, self._package.manifest.name)


def _compile(package: ModelPackage, threads: int, mode: Mode, precision: Precision) -> Any:
    options: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY" if mode == "latency" else "THROUGHPUT",
        "INFERENCE_NUM_THREADS": threads,
    }
    cache = str(cache_folder() / "compiled")
    if name_of(cache) == cache:
        # OpenVINO takes no folder whose name is not UTF-8: without one it compiles anew at every start.
        options["CACHE_DIR"] = cache
    path = package.int8_graph if precision in {"auto", "int8"} else package.graph
    if path is None and precision == "auto" and package.manifest.architecture in {FOREIGN, LEARNT}:
        # Nobody has compared a graph made elsewhere in bf16; the scores of a PaDiM moved by up to 0.04 there. And a
        # head was fitted on what its backbone says in f32.
        precision = "f32"
    if precision in {"f32", "bf16"}:
        options["INFERENCE_PRECISION_HINT"] = precision
    if path is None and precision == "int8":
        raise PackageError(f"{package.manifest.name} has no INT8 graph that passed its gate.", "Choose f32 or bf16.")
    graph = read_graph(path or package.graph, package)
    try:
        return core().compile_model(graph, "CPU", options)
    except RuntimeError as error:
        log.error("OpenVINO: %s", error)
        # Its cache is in there: the graph is not to blame then.
        check_home()
        raise PackageError(f"The graph of {package.manifest.name} cannot be compiled by OpenVINO.", REMEDY) from error
