"""Steel strip and magnetic tiles: many classes, with and without a sound one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.learning.class_head import fit_classes
from engine.statistics.metrics import accuracy, average_precision, confusion_matrix, macro_f1, per_class
from tests.benchmarks.learning.described import DRAWS, Collection, Rows, collected, drawn, eye, summary
from trainer.formats.detect import open_dataset
from trainer.formats.samples.dataset import Dataset, Sample

SOUND = "Free"


def run(data: Path) -> None:
    """All figures, a line each."""
    steel = open_dataset(str(data / "xsdd"))
    pool = collected(_once(steel), eye(224, 224))
    print(f"steel strip: {len(pool.samples)} pictures, each once")
    for share in (3, 5, 20, 0.8):
        _steel(pool, steel.classes, share)
    tiles = open_dataset(str(data / "magnetic_tile"))
    pool = collected(_once(tiles), eye(224, 224))
    _tiles(pool, tiles, by_tile=False)
    _tiles(pool, tiles, by_tile=True)


def _once(dataset: Dataset) -> list[Sample]:
    seen: dict[str, Sample] = {}
    for sample in dataset.samples:
        seen.setdefault(sample.digest, sample)
    return list(seen.values())


def _steel(pool: Collection, classes: Sequence[str], share: float) -> None:
    rows = []
    for draw in range(DRAWS):
        kinds = [np.flatnonzero(pool.words == name) for name in classes]
        counts = [int(share) if share >= 1 else round(share * len(kind)) for kind in kinds]
        rows.append(_judged(pool, drawn(draw, kinds, counts), classes)[:2])
    name = f"{share} a class" if share >= 1 else f"{share:.0%} of each class"
    print(summary(f"steel strip, {name}", rows, ("accuracy", "macro-F1"), (True, True)), flush=True)


def _tiles(pool: Collection, dataset: Dataset, *, by_tile: bool) -> None:
    rows, weak = [], Counter[str]()
    for draw in range(DRAWS):
        if by_tile:
            names = np.array([sample.group for sample in pool.samples])
            held = np.random.default_rng(draw).permutation(np.unique(names))[: len(np.unique(names)) // 5]
            chosen = np.flatnonzero(~np.isin(names, held))
        else:
            kinds = [np.flatnonzero(pool.words == name) for name in dataset.classes]
            chosen = drawn(draw, kinds, [round(0.8 * len(kind)) for kind in kinds])
        figures = _judged(pool, chosen, dataset.classes)
        rows.append(figures[:3])
        weak.update(figures[3])
    columns = ("accuracy", "macro-F1", "defect AP")
    print(summary(f"tiles, by {'tile' if by_tile else 'picture'}", rows, columns, (True, True, True)), flush=True)
    print("  F1 by class: " + ", ".join(f"{name} {weak[name] / DRAWS:.2f}" for name in dataset.classes))


def _judged(pool: Collection, chosen: Rows, classes: Sequence[str]) -> tuple[float, float, float, dict[str, float]]:
    """Accuracy, macro-F1, AP of defect and F1 by class, on all that is not taught."""
    rest = np.setdiff1d(np.arange(len(pool.samples)), chosen)
    scores = fit_classes(pool.taught(chosen), classes).head.scores(pool.values[rest])
    matrix = confusion_matrix(list(pool.words[rest]), [classes[i] for i in scores.argmax(axis=1)], classes)
    area = average_precision(pool.words[rest] != SOUND, 1.0 - scores[:, 0]) if SOUND in classes else float("nan")
    f1 = {name: figures.f1 for name, figures in zip(classes, per_class(matrix), strict=True)}
    return accuracy(matrix), macro_f1(matrix), area, f1
