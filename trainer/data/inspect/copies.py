"""Pictures that are there more than once: byte for byte or nearly, across parts, under different classes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from trainer.data.inspect.phash import look_alike
from trainer.data.inspect.survey import Facts
from trainer.formats.samples.dataset import Sample
from trainer.split import Split

_RANK = {"train": 0, "validation": 1, "test": 2}


@dataclass(frozen=True, slots=True)
class Copies:
    """Indices of samples: groups of identical pictures, and pairs that look alike without being identical."""

    identical: tuple[tuple[int, ...], ...]
    near: tuple[tuple[int, int], ...]
    complete: bool
    """False where so much looks alike that not every pair was followed up."""


def find_copies(facts: Sequence[Facts]) -> Copies:
    """Every copy among the pictures that could be read; of identical ones the first stands for all in `near`."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, f in enumerate(facts):
        groups[f.sample.digest or f"made {i}"].append(i)
    smalls = {rows[0]: facts[rows[0]].small for rows in groups.values()}
    chosen = {i: small for i, small in smalls.items() if small is not None}
    identical = tuple(tuple(rows) for rows in groups.values() if len(rows) > 1)
    if not chosen:
        return Copies(identical, (), complete=True)
    order = np.array(list(chosen))
    pairs = look_alike(np.stack(list(chosen.values())), np.array([facts[i].hash for i in chosen], np.uint64))
    near = [(int(a), int(b)) for a, b in order[pairs.rows].tolist()]
    return Copies(identical, tuple(near), pairs.complete)


def crossing_copies(copies: Copies, samples: Sequence[Sample]) -> list[tuple[int, int]]:
    """For each sample of an earlier part of the data set's own that has a copy in a later one, that pair."""
    found = []
    for rows in copies.identical:
        ranked = [(i, _RANK[samples[i].part]) for i in rows if samples[i].part]
        top = max((rank for _, rank in ranked), default=0)
        held = next((i for i, rank in ranked if rank == top), 0)
        found += [(i, held) for i, rank in ranked if rank < top]
    return found


def crossing_near(copies: Copies, samples: Sequence[Sample], parts: Split | None) -> list[tuple[int, int]]:
    """For each held-out sample that looks like one of an earlier part, that pair: by the split, else by own parts."""
    role: dict[int, str] = {i: s.part for i, s in enumerate(samples)}
    if parts is not None:
        shared = (("train", parts.train), ("validation", parts.validation), ("test", parts.test), ("", parts.dropped))
        role = {i: name for name, rows in shared for i in rows}
    found: dict[int, tuple[int, int]] = {}
    for pair in copies.near:
        for held, learnt in (pair, pair[::-1]):
            if _RANK.get(role[held], 0) > _RANK.get(role[learnt], 3):
                found.setdefault(held, (held, learnt))
    return list(found.values())


def conflicts(pairs: Sequence[Sequence[int]], samples: Sequence[Sample]) -> list[tuple[int, int]]:
    """Of groups of like pictures, two of different classes each."""
    found = []
    for rows in pairs:
        other = next((i for i in rows if samples[i].label != samples[rows[0]].label), None)
        found += [(rows[0], other)] if other is not None else []
    return found


def named(pairs: Sequence[Sequence[int]], samples: Sequence[Sample], sign: str) -> list[str]:
    """`a = b` for each pair; folders that share several pictures of the same names are named as such, first."""
    both = [(PurePosixPath(samples[p[0]].key), PurePosixPath(samples[p[1]].key)) for p in pairs]
    folders = Counter((a.parent, b.parent) for a, b in both if a.name == b.name)
    whole = {pair for pair, count in folders.items() if count > 1}
    lines = [f"{a}/ {sign} {b}/ ({n} pictures)" for (a, b), n in folders.most_common() if n > 1]
    return lines + [f"{a} {sign} {b}" for a, b in both if a.name != b.name or (a.parent, b.parent) not in whole]
