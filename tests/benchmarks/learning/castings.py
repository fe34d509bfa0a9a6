"""Castings: taught from casting/train, judged on casting/test."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from engine.learning import good_only
from engine.learning.class_head import fit_classes
from engine.learning.doubtful import doubts
from engine.learning.figures import Figures, even_threshold, figures_of
from engine.learning.taught import Bools, Floats
from engine.statistics.metrics import auroc
from tests.benchmarks.learning.described import (
    DRAWS,
    Collection,
    Rows,
    apart,
    collected,
    drawn,
    eye,
    mistakes,
    summary,
    table,
    told,
)
from trainer.evaluation.disturb import CONDITIONS
from trainer.formats.detect import open_dataset

OK, BAD = "ok_front", "def_front"
CLASSES = (OK, BAD)
COLUMNS = ("AUROC", "escapes", "overkill", "balanced", "seconds")
WORST = (True, False, False, False, False)
LIGHT = tuple(c for c in CONDITIONS if c.name not in ("glare", "larger", "smaller"))
Judged = dict[str, Floats]


def run(data: Path) -> None:
    """All figures on castings, a line each: means, and the worst of the draws in brackets."""
    at = eye(224, 224)
    teach, judge = apart(open_dataset(str(data / "casting")).samples)
    pool = collected(teach, at)
    judged = {"clean": table(at.see(judge))} | {c.name: table(at.see(judge, c)) for c in LIGHT}
    bad = np.array([sample.label == BAD for sample in judge])
    print(f"castings: {len(teach)} to teach from, {len(judge)} judged, {bad.sum()} of them bad")
    kinds = [np.flatnonzero(pool.words == name) for name in CLASSES]
    for counts in ((25, 10), (100, 40), (250, 100)):
        _classes(pool, kinds, counts, judged, bad)
    _all(pool, judged["clean"], bad)
    for counts in ((25, 10), (60, 25)):
        _intervals(pool, kinds, counts)
    _wrong_words(pool, kinds)
    pool = collected([sample for sample in teach if sample.label == OK], at, good_only.COPIES)
    for count in (25, 50, 150, 400):
        _good(pool, np.arange(len(pool.samples)), count, judged, bad)


def learnt(pool: Collection, rows: Rows) -> tuple[Figures, Floats, Floats, float]:
    """Figures on parts left out, weights of a class head by its scores on the whole pool, and the seconds."""
    began = time.perf_counter()
    given = pool.taught(rows)
    fit = fit_classes(given, CLASSES)
    known = told(given, fit.left_out[:, 1], (BAD,))
    found = figures_of(known, even_threshold(known))
    seconds = time.perf_counter() - began
    return found, fit.head.scores(pool.values)[:, 1], known.scores, seconds


def _classes(pool: Collection, kinds: list[Rows], counts: tuple[int, int], judged: Judged, bad: Bools) -> None:
    lines: dict[str, list[list[float]]] = {name: [] for name in judged}
    for draw in range(DRAWS):
        began = time.perf_counter()
        given = pool.taught(drawn(draw, kinds, counts))
        fit = fit_classes(given, CLASSES)
        threshold = even_threshold(told(given, fit.left_out[:, 1], (BAD,)))
        seconds = time.perf_counter() - began
        for name, values in judged.items():
            lines[name].append(_row(fit.head.scores(values)[:, 1], bad, threshold, seconds))
    _show(f"{counts[0]} good + {counts[1]} bad", lines)


def _good(pool: Collection, good: Rows, count: int, judged: Judged, bad: Bools) -> None:
    lines: dict[str, list[list[float]]] = {name: [] for name in judged}
    for draw in range(DRAWS):
        began = time.perf_counter()
        fit = good_only.fit_good(pool.taught(drawn(draw, [good], [count])))
        seconds = time.perf_counter() - began
        for name, values in judged.items():
            lines[name].append(_row(fit.head.scores(values), bad, 0.5, seconds))
    _show(f"{count} good alone", lines)


def _row(scores: Floats, bad: Bools, threshold: float, seconds: float) -> list[float]:
    escaped, overkilled = mistakes(scores, bad, threshold)
    return [auroc(bad, scores), escaped, overkilled, (escaped + overkilled) / 2, seconds]


def _show(name: str, lines: dict[str, list[list[float]]]) -> None:
    for condition, rows in lines.items():
        print(summary(f"{name}, {condition}", rows, COLUMNS, WORST), flush=True)


def _all(pool: Collection, values: Floats, bad: Bools) -> None:
    began = time.perf_counter()
    given = pool.taught(np.arange(len(pool.samples)))
    fit = fit_classes(given, CLASSES)
    threshold = even_threshold(told(given, fit.left_out[:, 1], (BAD,)))
    scores = fit.head.scores(values)[:, 1]
    wrong = [int(((scores >= at) != bad).sum()) for at in (threshold, 0.5)]
    seconds = time.perf_counter() - began
    print(f"all of train: {wrong[0]} mistakes of {len(bad)}, at 0.5 {wrong[1]}; AUROC {auroc(bad, scores):.4f}")
    print(f"  {seconds:.1f} s for {len(pool.samples)} parts with their copies")


def _intervals(pool: Collection, kinds: list[Rows], counts: tuple[int, int]) -> None:
    """How often the 95 % intervals hold the share on up to 400 other parts of each kind."""
    held, widths = [], []
    for draw in range(200):
        rows = drawn(1000 + draw, kinds, counts)
        rest = [np.setdiff1d(kind, rows) for kind in kinds]
        others = drawn(draw, rest, (400, 400))
        found, scores, _, _ = learnt(pool, rows)
        true = mistakes(scores[others], pool.words[others] == BAD, found.threshold)
        for one, share in zip((found.escapes, found.overkill), true, strict=True):
            (low, high), plain = one.interval, one.share.interval
            held.append(low <= share <= high)
            widths.append((high - low) / (plain[1] - plain[0]))
    shares = np.array(held).reshape(-1, 2).mean(axis=0)
    name = f"intervals, {counts[0]} + {counts[1]}, 200 draws"
    print(
        f"{name}: held {shares[0]:.3f} (escapes) and {shares[1]:.3f} (overkill), widest {max(widths):.2f}", flush=True
    )


def _wrong_words(pool: Collection, kinds: list[Rows]) -> None:
    found = []
    for draw in range(DRAWS):
        rows = drawn(draw, kinds, (100, 40))
        wrong = np.random.default_rng(draw).permutation(len(rows))[: len(rows) // 10]
        words = pool.words[rows]
        words[wrong] = np.where(words[wrong] == OK, BAD, OK)
        given = pool.taught(rows, words)
        fit = fit_classes(given, CLASSES)
        shown = given.shown
        ranked = doubts([given.parts[i] for i in shown], [given.words[i] for i in shown], CLASSES, fit.left_out[shown])
        first = {doubt.part for doubt in ranked[: len(rows) // 5]}
        found.append([float(np.mean([pool.samples[rows[i]].key in first for i in wrong]))])
    print(summary("10 % wrong words of 140", found, ("in the first fifth",), (True,)))
