"""Class hints: whether how a file was saved, or its size, tells its class without a look at the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import numpy as np

from trainer.data.inspect.survey import Facts

LEAST_PICTURES = 20
LEAST_SHARE = 0.05
"""A hint counts from this share of the uncertainty about the class that it takes away."""
MOST_SIZES = 20
"""More distinct sizes than this are taken as four kinds of area."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One trait that tells the class: of `label`, `inside` have `value`; of all other pictures, `outside` do."""

    trait: str
    information: float
    """Mutual information with the class in bits, less its bias (Miller 1955)."""
    share: float
    """… as a share of the class's entropy: 1 = the trait alone tells every class."""
    value: str
    label: str
    inside: float
    outside: float


def class_hints(facts: Sequence[Facts]) -> list[Hint]:
    """Hints that are no accident, the strongest first; of traits that split the pictures alike only the first."""
    read = [f for f in facts if not f.error]
    labels = [f.sample.label for f in read]
    if len(read) < LEAST_PICTURES or len(set(labels)) < 2:
        return []
    columns = {
        name: [f.traits.get(name, "") for f in read] for name in dict.fromkeys(n for f in read for n in f.traits)
    }
    columns |= {"pixel format": [f.mode for f in read], "picture size": _sizes(read)}
    seen: set[tuple[int, ...]] = set()
    found: list[Hint] = []
    for name, values in columns.items():
        numbers = {value: i for i, value in enumerate(dict.fromkeys(values))}
        parting = tuple(numbers[v] for v in values)
        hint = None if len(numbers) < 2 or parting in seen else _hint(name, values, labels)
        seen.add(parting)
        found += [hint] if hint is not None else []
    return sorted(found, key=lambda h: -h.share)


def _hint(trait: str, values: Sequence[str], labels: Sequence[str]) -> Hint | None:
    total, by_value, by_label = len(values), Counter(values), Counter(labels)
    joint = Counter(zip(values, labels, strict=True))
    parts = {(v, name): n / total * log2(n * total / (by_value[v] * by_label[name])) for (v, name), n in joint.items()}
    freedom = (len(by_value) - 1) * (len(by_label) - 1)
    raw = sum(parts.values())
    information = raw - freedom / (2 * total * np.log(2))
    entropy = -sum(n / total * log2(n / total) for n in by_label.values())
    share = float(information / entropy)
    # G-test: 2·N·I in nats follows a chi-squared law where trait and class have nothing to do with each other.
    if share < LEAST_SHARE or 2 * total * raw * np.log(2) < _chi_squared(freedom):
        return None
    value, label = max(parts, key=lambda pair: parts[pair])
    inside = joint[value, label] / by_label[label]
    outside = (by_value[value] - joint[value, label]) / (total - by_label[label])
    return Hint(trait, round(float(information), 4), round(share, 4), value, label, round(inside, 4), round(outside, 4))


def _chi_squared(freedom: int) -> float:
    """What a chi-squared variable exceeds once in a thousand (Wilson & Hilferty 1931)."""
    return float(freedom * (1 - 2 / (9 * freedom) + 3.09 * (2 / (9 * freedom)) ** 0.5) ** 3)


def _sizes(read: Sequence[Facts]) -> list[str]:
    sizes = [f"{f.size[0]}×{f.size[1]}" for f in read]
    if len(set(sizes)) <= MOST_SIZES:
        return sizes
    areas = np.array([f.size[0] * f.size[1] for f in read], np.float64)
    cuts = np.quantile(areas, (0.25, 0.5, 0.75))
    names = [
        f"under {cuts[0]:,.0f} px",
        f"under {cuts[1]:,.0f} px",
        f"under {cuts[2]:,.0f} px",
        f"from {cuts[2]:,.0f} px",
    ]
    return [names[i] for i in np.searchsorted(cuts, areas, side="right").tolist()]
