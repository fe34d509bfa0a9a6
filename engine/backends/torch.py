"""The torch backend: the package's weights in their own network, for explanation and for machines with CUDA."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import numpy as np
import torch

from engine.backends.outputs import interpret
from engine.domain import Box, ModelRef, Pixels, Prediction
from engine.errors import InferenceError
from engine.networks.load import load_graph
from engine.package import ModelPackage
from engine.preprocess import prepare
from engine.settings import thread_budget


class TorchModel:
    """A package's network in torch; CUDA where it is present. The same contract and outputs as the exported graph."""

    def __init__(self, package: ModelPackage, *, threads: int = 0) -> None:
        torch.set_num_threads(thread_budget(threads))
        self._package = package
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._graph = load_graph(package).to(self._device).eval()

    @property
    def ref(self) -> ModelRef:
        """Name and version of its package."""
        return self._package.ref

    def run(self, pixels: Pixels, roi: Box | None = None) -> Prediction:
        """Judge one frame's pixels. Raises InferenceError."""
        begun = time.perf_counter()
        picture = prepare(pixels, self._package.manifest.input, roi)[np.newaxis]
        prepared = time.perf_counter()
        try:
            with torch.inference_mode():
                outputs = self._graph(torch.from_numpy(picture).to(self._device))
        except RuntimeError as error:
            raise InferenceError(f"The model failed on a frame: {error}.", "Choose another model.") from error
        arrays = [output[0].float().cpu().numpy() for output in outputs]
        maps = arrays[1] if len(arrays) > 1 else None
        found = interpret(arrays[0], maps, self._package, (int(pixels.shape[0]), int(pixels.shape[1])), roi)
        ended = time.perf_counter()
        return Prediction(
            found.scores, found.regions, found.heat, found.model, (prepared - begun) * 1e3, (ended - prepared) * 1e3
        )

    def stream(self, pictures: Iterable[Pixels], roi: Box | None = None) -> Iterator[Prediction]:
        """Judge many pictures, one after the other, in order."""
        for pixels in pictures:
            yield self.run(pixels, roi)

    def close(self) -> None:
        """Nothing outlives the object."""
