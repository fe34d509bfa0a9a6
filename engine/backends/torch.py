"""The torch backend: the package's weights in their own network, for explanation and for machines with CUDA."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from engine.backends.outputs import Raw, assemble
from engine.domain.inspection import ModelRef, Pixels, Prediction
from engine.domain.recipe import WHOLE, View
from engine.errors import InferenceError
from engine.networks.load import load_graph
from engine.packages.package import ModelPackage
from engine.preprocessing.look import Look, look
from engine.system.threads import thread_budget

CARD_BATCH = 16


def has_cuda() -> bool:
    """Whether this torch can compute on a graphics card here."""
    return bool(torch.cuda.is_available())


class TorchModel:
    """A package's network in torch; CUDA where it is present. The same contract and outputs as the exported graph."""

    def __init__(self, package: ModelPackage, *, threads: int = 0) -> None:
        torch.set_num_threads(thread_budget(threads))
        self._package = package
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._graph = load_graph(package).to(self._device).eval()
        # On the processor one picture fills the cores; a card waits for more.
        self._batch = CARD_BATCH if self._device.type == "cuda" else 1

    @property
    def ref(self) -> ModelRef:
        """Name and version of its package."""
        return self._package.ref

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        """Judge one frame's pixels. Raises InferenceError."""
        begun = time.perf_counter()
        seen = self._look(pixels, view)
        return self._judge([(seen, begun, time.perf_counter())])[0]

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        """Judge many pictures in order, on a graphics card several in one pass."""
        waiting: list[tuple[Look, float, float]] = []
        for pixels in pictures:
            begun = time.perf_counter()
            waiting.append((self._look(pixels, view), begun, time.perf_counter()))
            if len(waiting) >= self._batch:
                yield from self._judge(waiting)
                waiting = []
        yield from self._judge(waiting)

    def _look(self, pixels: Pixels, view: View) -> Look:
        try:
            return look(pixels, self._package.manifest.input, view)
        except (ValueError, cv2.error) as error:
            raise InferenceError(f"The frame does not fit the model: {error}.", "Check the source.") from error

    def _judge(self, looks: list[tuple[Look, float, float]]) -> list[Prediction]:
        """What was seen of each picture, when it was begun and when prepared (seconds) → predictions."""
        shown = [picture for seen, _, _ in looks for picture in seen.inputs]
        try:
            raws = [raw for i in range(0, len(shown), self._batch) for raw in self._raws(shown[i : i + self._batch])]
        except RuntimeError as error:
            raise InferenceError(f"The model failed on a frame: {error}.", "Choose another model.") from error
        found, given = [], iter(raws)
        for seen, begun, prepared in looks:
            prediction = assemble([next(given) for _ in seen.inputs], seen, self._package)
            took = (time.perf_counter() - prepared) * 1e3
            found.append(replace(prediction, prepare_ms=(prepared - begun) * 1e3, infer_ms=took))
        return found

    @torch.inference_mode()
    def _raws(self, pictures: list[NDArray[np.uint8]]) -> list[Raw]:
        outputs = self._graph(torch.from_numpy(np.stack(pictures)).to(self._device))
        arrays = {n: o.float().cpu().numpy() for n, o in zip(self._graph.outputs, outputs, strict=True)}
        maps, novelty = arrays.get("map"), arrays.get("novelty")
        return [
            Raw(scores, None if maps is None else maps[i], None if novelty is None else float(novelty[i, 0]))
            for i, scores in enumerate(arrays["scores"])
        ]

    def close(self) -> None:
        """Nothing outlives the object."""
