"""Commutators and ball screws: small defects, taught by masks, strokes and boxes, judged on other items."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.domain.inspection import Mask
from engine.learning.class_head import fit_classes
from engine.learning.figures import Told, even_threshold
from engine.learning.patch_head import PatchHead, fit_patches
from engine.learning.places import Drawn, Painted, painted, sound
from engine.learning.taught import Floats, taught
from engine.statistics.metrics import average_precision
from tests.benchmarks.learning.castings import LIGHT
from tests.benchmarks.learning.described import Eye, Rows, Seen, eye, mistakes, summary
from trainer.formats.detect import open_dataset
from trainer.formats.samples.dataset import Dataset, Sample

FOLDS, REPEATS = 3, 4
STROKE = 24
"""Pixels of the model's input that a short stroke covers."""


@dataclass(frozen=True, slots=True, eq=False)
class Set:
    """A data set seen once, its sound class, and the folds by group."""

    name: str
    at: Eye
    samples: tuple[Sample, ...]
    seen: list[Seen]
    bad: np.ndarray
    folds: list[Rows]


def run(data: Path) -> None:
    """All figures, a line each: means over folds and draws, and the worst in brackets."""
    screws = _opened("ball screws", open_dataset(str(data / "bsdata")), eye(192, 448, 3, places=True))
    _taught(screws, "all masks, 60 sound", Drawn.MASK, (99, 60), draws=1)
    _taught(screws, "3 masks + 10 sound", Drawn.MASK, (3, 10), draws=REPEATS)
    del screws
    commutators = _opened("commutators", open_dataset(str(data / "kolektorsdd")), eye(704, 256, places=True))
    _taught(commutators, "3 masks + 10 sound", Drawn.MASK, (3, 10), draws=REPEATS)
    _taught(commutators, "3 strokes + 10 sound", Drawn.STROKE, (3, 10), draws=REPEATS)
    _taught(commutators, "3 boxes + 10 sound", Drawn.BOX, (3, 10), draws=REPEATS)
    _no_place(commutators, (20, 100))
    _taught(commutators, "all masks, 60 sound", Drawn.MASK, (99, 60), draws=1, light=True)


def _opened(name: str, dataset: Dataset, at: Eye) -> Set:
    seen = list(at.see(dataset.samples))
    bad = np.array([sample.label not in dataset.ok_classes for sample in dataset.samples])
    groups = np.array([sample.group for sample in dataset.samples])
    shuffled = np.random.default_rng(0).permutation(np.unique(groups))
    folds = [np.flatnonzero(np.isin(groups, part)) for part in np.array_split(shuffled, FOLDS)]
    return Set(name, at, dataset.samples, seen, bad, folds)


def _taught(given: Set, name: str, how: Drawn, counts: tuple[int, int], *, draws: int, light: bool = False) -> None:
    rows, worse = [], {condition.name: list[tuple[float, ...]]() for condition in LIGHT}
    for draw in range(draws):
        for judged in given.folds:
            began = time.perf_counter()
            head, threshold = _learnt(given, _chosen(given, judged, counts, draw), how, draw)
            seconds = time.perf_counter() - began
            figures = _figures(head, [given.seen[i] for i in judged], given.bad[judged], threshold)
            rows.append([*figures, seconds])
            for condition in LIGHT if light else ():
                again = list(given.at.see([given.samples[i] for i in judged], condition))
                worse[condition.name].append(_figures(head, again, given.bad[judged], threshold))
    columns, ends = ("AP", "escapes", "overkill", "seconds"), (True, False, False, False)
    print(summary(f"{given.name}, {name}", rows, columns, ends), flush=True)
    for worsened, found in worse.items():
        if found:
            print(summary(f"  {worsened}", found, columns[:3], ends[:3]), flush=True)


def _chosen(given: Set, judged: Rows, counts: tuple[int, int], draw: int) -> Rows:
    rest = np.setdiff1d(np.arange(len(given.samples)), judged)
    random = np.random.default_rng(draw)
    kinds = rest[given.bad[rest]], rest[~given.bad[rest]]
    return np.concatenate([random.permutation(kind)[:count] for kind, count in zip(kinds, counts, strict=True)])


def _learnt(given: Set, chosen: Rows, how: Drawn, draw: int) -> tuple[PatchHead, float]:
    samples = [given.samples[i] for i in chosen]
    seen = [given.seen[i] for i in chosen]
    bad = {samples[i].key for i in np.flatnonzero(given.bad[chosen])}
    # A stroke says where on the picture itself; where on a copy it lies is known as well, but a box would not turn.
    copies = list(given.at.see_copies([s for s in samples if how is Drawn.MASK or s.key not in bad]))
    random = np.random.default_rng(draw)
    pictures = [_painted(one, how, random, bad=one.part in bad) for one in [*seen, *copies]]
    known = [picture for picture in pictures if picture is not None]
    fit = fit_patches(known)
    shown = np.array([not p.varied for p in known]) & np.isfinite(fit.left_out)
    told = Told(fit.left_out[shown], np.array([p.defective for p in known])[shown])
    return fit.head, even_threshold(told)


def _painted(one: Seen, how: Drawn, random: np.random.Generator, *, bad: bool) -> Painted | None:
    patches = one.description.patches
    assert patches is not None
    if not bad:
        return sound(one.part, patches, varied=one.varied)
    if one.mask is None or not one.mask.any():
        return None
    mask = _stroke(one.mask, random) if how is Drawn.STROKE else _box(one.mask) if how is Drawn.BOX else one.mask
    return painted(one.part, patches, mask, how, varied=one.varied)


def _stroke(mask: Mask, random: np.random.Generator) -> Mask:
    """What lies on the defect around one of its pixels."""
    rows, columns = np.nonzero(mask)
    at = random.integers(len(rows))
    near = cv2.circle(np.zeros_like(mask), (int(columns[at]), int(rows[at])), STROKE // 2, 255, -1)
    return np.where(near > 0, mask, np.uint8(0))


def _box(mask: Mask) -> Mask:
    left, top, width, height = cv2.boundingRect(mask)
    found = np.zeros_like(mask)
    found[top : top + height, left : left + width] = 255
    return found


def _figures(head: PatchHead, seen: Sequence[Seen], bad: Floats, threshold: float) -> tuple[float, float, float]:
    places = [one.description.patches for one in seen]
    scores = np.array([head.score(patches) for patches in places if patches is not None])
    return (average_precision(bad, scores), *mistakes(scores, np.asarray(bad, np.bool_), threshold))


def _no_place(given: Set, counts: tuple[int, int]) -> None:
    rows = []
    whole = np.stack([one.description.whole for one in given.seen]).astype(np.float64)
    for draw in range(REPEATS):
        for judged in given.folds:
            chosen = _chosen(given, judged, counts, draw)
            samples = [given.samples[i] for i in chosen]
            began = time.perf_counter()
            copies = list(given.at.see_copies(samples))
            words = {sample.key: "bad" if given.bad[i] else "ok" for sample, i in zip(samples, chosen, strict=True)}
            parts = [*(sample.key for sample in samples), *(one.part for one in copies)]
            values = np.concatenate([whole[chosen], np.stack([one.description.whole for one in copies])])
            marks = np.repeat([False, True], [len(samples), len(copies)])
            fit = fit_classes(taught(values, parts, [words[part] for part in parts], marks), ("ok", "bad"))
            seconds = time.perf_counter() - began
            scores = fit.head.scores(whole[judged])[:, 1]
            rows.append([average_precision(given.bad[judged], scores), seconds])
    name = f"{given.name}, {counts[0]} + {counts[1]}, no place told"
    print(summary(name, rows, ("AP", "seconds"), (True, False)), flush=True)
