"""The backbone at work: pictures in, their descriptions out, in the same order and always the same.

It computes in f32 on every processor: bf16, which OpenVINO takes by itself where there is some, moves a description by
more than a head may be asked to bear.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from engine.backbone.graph import PATCHES, WHOLE, graph, identity_of
from engine.backends.core import core
from engine.errors import EnvironmentFailure, InferenceError
from engine.system.threads import thread_budget


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """A picture as the backbone sees it (engine.backbone.description says what each number is)."""

    whole: NDArray[np.float32]
    """1488."""
    patches: NDArray[np.float32] | None = None
    """h×w×352, one row a place; None where they were not asked for."""


class Backbone:
    """The frozen network for pictures of one size. Raises EnvironmentFailure where its weights are missing or others.

    `identity` stands for all that a description depends on: what is fitted on descriptions of one identity serves no
    other.
    """

    def __init__(self, height: int, width: int, channels: int, *, threads: int = 0, patches: bool = False) -> None:
        self.identity = identity_of(height, width, channels)
        self._shape = (height, width, channels)
        self._patches = patches
        self._compiled = _compile(graph(height, width, channels), thread_budget(threads), patches)
        self._idle = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))

    def describe(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[Description]:
        """One description a picture (uint8 H×W×C of this backbone's size), in their order. Raises InferenceError."""
        idle = [self._compiled.create_infer_request() for _ in range(self._idle)]
        flying: deque[Any] = deque()
        try:
            for picture in pictures:
                if not idle:
                    yield self._landed(flying[0])
                    idle.append(flying.popleft())
                request = idle.pop()
                request.start_async([self._fitting(picture)], share_inputs=False)
                flying.append(request)
            while flying:
                yield self._landed(flying[0])
                flying.popleft()
        finally:
            for request in flying:
                request.cancel()
                # A request that was cancelled in time says so by raising.
                with suppress(RuntimeError):
                    request.wait()

    def _fitting(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if picture.shape != self._shape or picture.dtype != np.uint8:
            raise ValueError(f"a picture of {picture.shape} for a backbone of {self._shape}")
        return np.ascontiguousarray(picture)[np.newaxis]

    def _landed(self, request: Any) -> Description:
        try:
            request.wait()
        except RuntimeError as error:
            raise InferenceError(f"The backbone failed on a picture: {error}.", "Free some memory.") from error
        whole = np.array(request.get_tensor(WHOLE).data[0], np.float32)
        if not self._patches:
            return Description(whole)
        places = request.get_tensor(PATCHES).data[0].transpose(1, 2, 0)
        return Description(whole, np.array(places, np.float32, order="C"))


def _compile(made: ov.Model, threads: int, patches: bool) -> Any:
    """With the outputs that are asked for alone."""
    outputs = [made.output(name).get_node() for name in ((WHOLE, PATCHES) if patches else (WHOLE,))]
    options = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "THROUGHPUT",
        "INFERENCE_NUM_THREADS": threads,
    }
    try:
        return core().compile_model(ov.Model(outputs, made.get_parameters(), "backbone"), "CPU", options)
    except RuntimeError as error:
        raise EnvironmentFailure(f"The backbone cannot be compiled: {error}.", "Free some memory.") from error
