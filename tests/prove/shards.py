"""The shards of `make prove`; a test belongs to one by `@pytest.mark.prove(shard=…)`, and is no part of `make test`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shard:
    """So many pytest workers, at most twenty minutes on two cores."""

    name: str
    proves: str
    workers: int = 2


SHARDS = (
    Shard("kills", "Programs that die in the middle: what was stored stays, the rest is done again"),
    Shard("soaks", "A million rows, a whole shift, a model taught: what a short run cannot show"),
    Shard("servers", "Network streams that freeze, die and come back (RTSP, Motion JPEG)"),
    Shard("cameras", "A GigE Vision camera on the loopback: lost, frozen, restarted, damaged frames", workers=1),
    Shard("pictures", "Mutated picture files: none is judged that a second decoder found short", workers=1),
    Shard("labels", "Data sets of every layout made from a seed: labels and places come back, lost ones are named"),
    Shard("bundle", "The built program, without Python and without torch", workers=1),
)
NAMES = tuple(shard.name for shard in SHARDS)
