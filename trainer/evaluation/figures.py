"""The further figures of a study, plain types under stable keys: intervals, curves' areas, calibration, costs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.domain.recipe import Recipe
from engine.statistics.metrics import auroc, average_precision, confusion_matrix
from engine.statistics.mistakes import Sweep, sweep
from engine.statistics.shares import Share, rounded
from trainer.evaluation.bootstrap import Interval, bootstrap, of_labels, of_one_against_rest, of_ranking, of_several
from trainer.evaluation.reliability import ReliabilityBin, expected_calibration_error, reliability
from trainer.evaluation.sheet import Bools, Sheet, limits_of
from trainer.thresholds.operating import (
    Cost,
    OperatingPoint,
    by_cost,
    by_overkill,
    by_recall,
    expected_cost,
    tradeoff_of,
)

DEFAULT_COST = Cost(100.0, 1.0)
"""Only an example where no costs are given: an escape as dear as a hundred false rejects."""
MAX_PAIRS = 400_000
"""Of picture and class; macro and micro AUROC of more get no interval, which would take minutes."""


def further_figures(sheet: Sheet, recipe: Recipe, cost: Cost | None) -> dict[str, Any]:
    """All of them; keys that make no sense for the data set (one kind only) are None or left out."""
    curve = curve_of(sheet)
    found: dict[str, Any] = {
        "intervals": intervals(sheet),
        "defect_or_sound": _defect_or_sound(sheet),
        "per_class_intervals": class_intervals(sheet),
        "one_against_rest": one_against_rest(sheet),
        "calibration": _calibration(sheet),
        "operating": None if curve is None else _operating(sheet, curve, recipe, cost),
        "groups": len(set(sheet.groups)),
        "further_classes": sheet.further,
    }
    return {**found, "several": several_labels(sheet, recipe)} if sheet.several else found


def intervals(sheet: Sheet) -> dict[str, Any]:
    """95 % of every headline: Wilson for accuracy, else the bootstrap over groups; None where there is none."""
    found = bootstrap(sheet.groups, [of_labels(sheet.truth, sheet.labels)])
    groups, at = np.array(sheet.groups, object), sheet.ranked
    if sheet.tells_defects:
        ranking = of_ranking(sheet.positive[at], sheet.scores[at], auroc="binary")
        found |= bootstrap(groups[at].tolist(), [ranking])
    hot = label_hot(sheet)
    known = hot.any(axis=1) & at
    if known.any() and int(known.sum()) * len(sheet.classes) <= MAX_PAIRS:
        rest = of_one_against_rest(hot[known], sheet.table[known])
        found |= {k: v for k, v in bootstrap(groups[known].tolist(), [rest]).items() if k != "ap_macro"}
    same = sum(t == s for t, s in zip(sheet.truth, sheet.labels, strict=True))
    plain = {k: _plain(found.get(k)) for k in ("macro_f1", "micro_f1", "kappa", "ap")}
    names = {"binary": "binary", "macro": "auroc_macro", "micro": "auroc_micro"}
    areas = {name: _plain(found.get(key)) for name, key in names.items()}
    return {"accuracy": rounded(Share(same, len(sheet.truth)).interval), **plain, "auroc": areas}


def label_hot(sheet: Sheet) -> Bools:
    """N×K: the label alone, whatever else the picture shows."""
    return np.array([[t == c for c in sheet.classes] for t in sheet.truth], bool)


def rest_of(sheet: Sheet) -> tuple[Bools, Bools]:
    """N×K truths of one class against the rest, and the N rows that can be ranked by them.

    Where several classes may hold, all that a picture shows counts; a sound picture shows none of them.
    """
    hot = sheet.hot if sheet.several else label_hot(sheet)
    known = hot.any(axis=1) | ~sheet.positive if sheet.several else hot.any(axis=1)
    return hot, known & sheet.ranked


def class_intervals(sheet: Sheet) -> dict[str, dict[str, list[float]]]:
    """Wilson intervals of each class's precision and recall; (0, 1) where nothing was counted."""
    names = list(dict.fromkeys([*sheet.classes, *sorted({*sheet.truth, *sheet.labels})]))
    matrix = confusion_matrix(sheet.truth, sheet.labels, names)
    return {
        name: {
            "precision": rounded(Share(int(matrix[i, i]), int(matrix[:, i].sum())).interval),
            "recall": rounded(Share(int(matrix[i, i]), int(matrix[i].sum())).interval),
        }
        for i, name in enumerate(names)
    }


def one_against_rest(sheet: Sheet) -> dict[str, dict[str, float | int | None]]:
    """AP and AUROC of each class of the model; pictures of kinds it does not know are left out."""
    hot, at = rest_of(sheet)
    return {
        name: {
            "ap": _known(average_precision(hot[at, k], sheet.table[at, k])),
            "auroc": _known(auroc(hot[at, k], sheet.table[at, k])),
            "of": int(hot[at, k].sum()),
        }
        for k, name in enumerate(sheet.classes)
    }


def several_labels(sheet: Sheet, recipe: Recipe) -> dict[str, Any]:
    """Figures of a model of several labels against everything a picture shows, each class at its own limit."""
    hits, support, given = (sheet.hot & sheet.said).sum(0), sheet.hot.sum(0), sheet.said.sum(0)
    both, seen = support + given, support + given > 0
    f1 = 2.0 * hits / np.maximum(1, both)
    found = bootstrap(sheet.groups, [of_several(sheet.hot, sheet.said)])
    areas = one_against_rest(sheet)
    known = [a["ap"] for a in areas.values() if a["ap"] is not None]
    return {
        "macro_f1": round(float(f1[seen].mean()), 6) if seen.any() else None,
        "micro_f1": round(float(2.0 * hits.sum() / both.sum()), 6) if seen.any() else None,
        "macro_ap": round(float(np.mean(known)), 6) if known else None,
        "intervals": {k: _plain(found.get(f"{k}_several")) for k in ("macro_f1", "micro_f1")},
        "per_class": {
            name: {
                "precision": round(float(hits[k] / given[k]), 6) if given[k] else 0.0,
                "recall": round(float(hits[k] / support[k]), 6) if support[k] else 0.0,
                "f1": round(float(f1[k]), 6),
                "support": int(support[k]),
                "threshold": round(limit, 6),
                "ap": areas[name]["ap"],
                "auroc": areas[name]["auroc"],
                "precision_interval": rounded(Share(int(hits[k]), int(given[k])).interval),
                "recall_interval": rounded(Share(int(hits[k]), int(support[k])).interval),
            }
            for k, (name, limit) in enumerate(zip(sheet.classes, limits_of(sheet.classes, recipe), strict=True))
        },
    }


def diagrams(sheet: Sheet) -> dict[str, tuple[tuple[ReliabilityBin, ...], float]]:
    """Reliability bars and calibration error: of `defect` (its score), and of `top`, the likeliest class.

    Where several classes may hold, of `each` class's score instead of the likeliest's.
    """
    hot, at = rest_of(sheet)
    told = {}
    if sheet.tells_defects:
        told["defect"] = (sheet.scores[sheet.ranked], sheet.positive[sheet.ranked])
    if at.any() and sheet.several:
        told["each"] = (sheet.table[at].ravel(), hot[at].ravel())
    elif at.any() and (len(sheet.classes) > 2 or "defect" not in told):
        top = sheet.table[at].argmax(axis=1)
        told["top"] = (sheet.table[at].max(axis=1), hot[at][np.arange(top.size), top])
    cut = {k: (np.clip(said, 0.0, 1.0), right) for k, (said, right) in told.items()}
    return {k: (reliability(s, r), expected_calibration_error(s, r)) for k, (s, r) in cut.items()}


def curve_of(sheet: Sheet) -> Sweep | None:
    """Escapes and overkill over the threshold; None where there are not both kinds."""
    at = sheet.ranked
    return tradeoff_of(sheet.positive[at], np.clip(sheet.scores[at], 0.0, 1.0)) if sheet.tells_defects else None


def point_at(sheet: Sheet, threshold: float, cost: Cost) -> OperatingPoint:
    """What a threshold on the defect score gives."""
    at = sheet.ranked
    one = sweep(sheet.positive[at], sheet.scores[at], [threshold])
    return OperatingPoint(threshold, one.at(0), "in force", float(expected_cost(one, cost)[0]))


def chosen_points(sheet: Sheet, curve: Sweep, threshold: float, cost: Cost) -> list[OperatingPoint]:
    """The threshold in force, and what other rules would choose on these very pictures."""
    found = [point_at(sheet, threshold, cost)]
    found += [by_recall(curve, recall, cost=cost) for recall in (1.0, 0.99)]
    for most in (0.0, 0.01):
        # Where sound parts have the highest score there is, no threshold spares them.
        if int(curve.overkill[-1]) <= most * curve.sound:
            found.append(by_overkill(curve, most, cost))
    return [*found, by_cost(curve, cost)]


def _operating(sheet: Sheet, curve: Sweep, recipe: Recipe, cost: Cost | None) -> dict[str, Any]:
    used = cost or DEFAULT_COST
    return {
        "cost": {"escape": used.escape, "overkill": used.false_reject, "assumed": cost is None},
        "points": [
            {
                "rule": p.rule,
                "threshold": round(p.threshold, 6),
                "escapes": p.mistakes.escapes.count,
                "overkill": p.mistakes.overkill.count,
                "cost_per_1000": None if p.cost_per_1000 is None else round(p.cost_per_1000, 4),
            }
            for p in chosen_points(sheet, curve, recipe.limits.ng_at, used)
        ],
    }


def _defect_or_sound(sheet: Sheet) -> dict[str, Any] | None:
    """Pictures rightly called defective or sound, whichever kind of defect was said."""
    if not sheet.sound:
        return None
    return Share(int((sheet.positive == sheet.rejected).sum()), len(sheet.truth)).plain()


def _calibration(sheet: Sheet) -> dict[str, Any]:
    return {
        name: {"ece": _known(error), "reliability": [bar.plain() for bar in bars]}
        for name, (bars, error) in diagrams(sheet).items()
    }


def _plain(interval: Interval | None) -> list[float] | None:
    return None if interval is None else rounded(interval)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
