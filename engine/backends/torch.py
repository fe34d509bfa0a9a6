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
from engine.domain import ModelRef, Pixels, Prediction
from engine.errors import InferenceError
from engine.networks.load import load_graph
from engine.package import ModelPackage
from engine.preprocess import look
from engine.product import WHOLE, View
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

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        """Judge one frame's pixels. Raises InferenceError."""
        begun = time.perf_counter()
        try:
            seen = look(pixels, self._package.manifest.input, view)
        except (ValueError, cv2.error) as error:
            raise InferenceError(f"The frame does not fit the model: {error}.", "Check the source.") from error
        prepared = time.perf_counter()
        try:
            with torch.inference_mode():
                raws = [self._raw(picture) for picture in seen.inputs]
        except RuntimeError as error:
            raise InferenceError(f"The model failed on a frame: {error}.", "Choose another model.") from error
        found = assemble(raws, seen, self._package)
        ended = time.perf_counter()
        return replace(found, prepare_ms=(prepared - begun) * 1e3, infer_ms=(ended - prepared) * 1e3)

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        """Judge many pictures, one after the other, in order."""
        for pixels in pictures:
            yield self.run(pixels, view)

    def _raw(self, picture: NDArray[np.uint8]) -> Raw:
        outputs = self._graph(torch.from_numpy(picture[np.newaxis]).to(self._device))
        named = dict(zip(self._graph.outputs, outputs, strict=True))
        arrays = {name: output[0].float().cpu().numpy() for name, output in named.items()}
        novelty = float(arrays["novelty"][0]) if "novelty" in arrays else None
        return Raw(arrays["scores"], arrays.get("map"), novelty)

    def close(self) -> None:
        """Nothing outlives the object."""
