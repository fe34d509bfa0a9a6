"""What frozen stages give for each picture and its augmented views, computed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Activations of some samples: several views of those that are trained on, the plain one of the others."""

    trained: NDArray[np.generic]
    """T×V×h×w×A; view 0 is the picture as it is."""
    judged: NDArray[np.generic]
    """J×h×w×A."""
    place: NDArray[np.int64]
    """N; where each sample lies in `trained`, or in `judged` after all of those; -1 = nowhere."""
    kind: torch.dtype
    """Of the activations; the arrays hold bfloat16 as its bits, which numpy has no name for."""
    device: torch.device

    def plain(self, rows: NDArray[np.int64]) -> Tensor:
        """n×A×h×w on the device, of the pictures as they are."""
        places, count = self.place[rows], len(self.trained)
        found = [self.trained[p, 0] if p < count else self.judged[p - count] for p in places.tolist()]
        return self._tensor(np.stack(found))

    def drawn(self, rows: NDArray[np.int64], rng: Generator) -> Tensor:
        """n×A×h×w on the device, of one view of each picture, drawn at random. `rows` must be trained on."""
        which = torch.randint(0, self.trained.shape[1], (rows.size,), generator=rng).numpy()
        return self._tensor(self.trained[self.place[rows], which])

    def _tensor(self, values: NDArray[np.generic]) -> Tensor:
        return as_activations(values, self.kind).to(self.device).permute(0, 3, 1, 2)


def as_bits(activations: Tensor) -> NDArray[np.generic]:
    """N×A×h×w activations → N×h×w×A as numpy keeps them."""
    last = activations.detach().permute(0, 2, 3, 1).contiguous().cpu()
    return last.view(torch.int16).numpy() if last.dtype == torch.bfloat16 else last.numpy()


def as_activations(values: NDArray[np.generic], kind: torch.dtype) -> Tensor:
    """The inverse of `as_bits`, still N×h×w×A."""
    found = torch.from_numpy(np.ascontiguousarray(values))
    return found.view(torch.bfloat16) if kind == torch.bfloat16 else found
