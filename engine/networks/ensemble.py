"""Several networks judging together: one graph, one package (Lakshminarayanan et al. 2017, "Deep ensembles").

Each member scales the shared picture to its own input, channels and normalisation inside the graph; the probabilities
are averaged by weight. The weights file holds every member's network, temperature and order of classes under
`members.N.`; the manifest holds their architectures, inputs and weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from engine.networks.graph import Deployed, Graph, unit
from engine.packages.manifest import MemberSpec

BLUE_GREEN_RED = (0.114, 0.587, 0.299)
"""Luma of ITU-R BT.601, as OpenCV turns BGR into grey."""


class Member(nn.Module):
    """One network of an ensemble: N×C×H×W in 0…1, blue first → scores N×K and maps in the ensemble's class order."""

    order: Tensor

    def __init__(self, deployed: Deployed, spec: MemberSpec, order: Sequence[int]) -> None:
        """`order`: for each class of the ensemble its place among the member's."""
        super().__init__()
        self.deployed = deployed
        self.spec = spec
        self.register_buffer("order", torch.tensor(list(order), dtype=torch.int64))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Scores N×K; maps N×M×h×w with each class's peak at its score (`cam`), as they are (`mask`), or None."""
        scores, *rest = self.deployed.judge(self.fit(x))
        scores = scores[:, self.order]
        if self.deployed.map_kind == "none":
            return scores, None
        if self.deployed.map_kind == "mask":
            return scores, rest[0]
        maps = rest[0][:, self.order]
        peaks = maps.amax(dim=(2, 3), keepdim=True).clamp_min(1e-12)
        return scores, maps / peaks * scores[:, :, None, None]

    def fit(self, x: Tensor) -> Tensor:
        """The shared picture N×C×H×W as this member's input: its channels, its size (bilinear, no smoothing)."""
        if self.spec.channels == 1 and x.shape[1] == 3:
            grey = (x * x.new_tensor(BLUE_GREEN_RED).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
            # In whole grey levels, as the member is given them when it judges alone.
            x = torch.round(grey * 255.0) / 255.0
        elif self.spec.channels == 3 and x.shape[1] == 1:
            x = x.expand(-1, 3, -1, -1)
        size = (self.spec.height, self.spec.width)
        if tuple(x.shape[2:]) == size:
            return x
        return interpolate(x, size=size, mode="bilinear", align_corners=False, antialias=False)


class Ensemble(Graph):
    """uint8 N×H×W×C → scores N×K = Σ weight·scores of the members / Σ weight[, map N×M×h×w].

    There is a map where every member has an exact one of the same kind: the weighted mean of them at the finest
    member's resolution, a `cam` with each member's peak at its score, so that a member weighs as much as it is sure.
    """

    shares: Tensor

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        weights = torch.tensor([m.spec.weight for m in members], dtype=torch.float32)
        self.register_buffer("shares", weights / weights.sum(), persistent=False)

    @property
    def each(self) -> list[Member]:
        """The members in order."""
        return [cast(Member, m) for m in self.members]

    @property
    def map_kind(self) -> str:
        """The members' where it is the same for all, else `none`."""
        kinds = {m.deployed.map_kind for m in self.each}
        return kinds.pop() if len(kinds) == 1 else "none"

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what `forward` gives, in order."""
        return ("scores",) if self.map_kind == "none" else ("scores", "map")

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of `outputs`."""
        x = unit(picture)
        found = [member(x) for member in self.members]
        scores = sum(share * s for share, (s, _) in zip(self.shares, found, strict=True))
        if self.map_kind == "none":
            return (cast(Tensor, scores),)
        maps = [m for _, m in found]
        size = max((tuple(m.shape[2:]) for m in maps), key=lambda s: s[0] * s[1])
        same = [m if tuple(m.shape[2:]) == size else _resized(m, size) for m in maps]
        return cast(Tensor, scores), cast(Tensor, sum(share * m for share, m in zip(self.shares, same, strict=True)))


def _resized(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    return interpolate(maps, size=size, mode="bilinear", align_corners=False)
