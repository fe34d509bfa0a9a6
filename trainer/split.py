"""Train, validation and test: by group, alike in classes, seeded. Copies of a picture are one group already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.errors import DatasetError
from trainer.formats.dataset import Sample


@dataclass(frozen=True, slots=True)
class Split:
    """Indices into the data set's samples, each sorted; `dropped` are copies of held-out pictures, used nowhere."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    dropped: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How to split: shares of the whole, or fold `fold` of `folds` as test and the share of the rest for validation.

    `validation_from = "test-half"` halves the data set's own test part as scikit-learn's train_test_split does with
    random_state 42 (the casting publication); else validation is carved from the training part.
    """

    validation: float = 0.15
    test: float = 0.15
    folds: int = 0
    fold: int = 0
    validation_from: Literal["train", "test-half"] = "train"
    seed: int = 0


def split(samples: Sequence[Sample], rule: SplitRule) -> Split:
    """Where the data set says test or validation it is so; the rest is shared out by the rule.

    Raises DatasetError when nothing is left to train on or a part that was asked for stays empty.
    """
    fixed = {name: [i for i, s in enumerate(samples) if s.part == name] for name in ("train", "validation", "test")}
    free = [i for i, s in enumerate(samples) if not s.part]
    test, validation = fixed["test"], fixed["validation"]
    if test and not validation and rule.validation_from == "test-half":
        test, validation = _halves(test)
    pool = sorted(fixed["train"] + free)
    if not test and rule.folds > 1:
        test, pool = _carve_fold(samples, pool, rule)
    elif not test and rule.test > 0:
        test, pool = _carve(samples, pool, rule.test, rule.seed)
    held = {samples[i].group for i in (*test, *validation)}
    dropped = [i for i in pool if samples[i].group in held]
    pool = [i for i in pool if samples[i].group not in held]
    if not validation and rule.validation > 0:
        validation, pool = _carve(samples, pool, rule.validation, rule.seed + 1)
    if not pool or (rule.validation > 0 and not validation):
        raise DatasetError(
            f"{len(samples)} pictures in {len({s.group for s in samples})} groups are too few to split.",
            "Add pictures, or lower validation_fraction and test_fraction.",
        )
    return Split(tuple(pool), tuple(sorted(validation)), tuple(sorted(test)), tuple(dropped))


def assign(samples: Sequence[Sample], indices: Sequence[int], shares: Sequence[float], seed: int) -> list[list[int]]:
    """Share out whole groups so that every class comes as near to its share in each part as groups allow.

    Greedy: the groups with the rarest classes first, each to the part that lacks most of what it holds.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for i in indices:
        groups[samples[i].group].append(i)
    totals = Counter(samples[i].label for i in indices)
    order = sorted(groups)
    np.random.default_rng(seed).shuffle(order)
    order.sort(key=lambda name: (min(totals[samples[i].label] for i in groups[name]), -len(groups[name])))
    parts: list[list[int]] = [[] for _ in shares]
    have = [Counter[str]() for _ in shares]
    for name in order:
        held = Counter(samples[i].label for i in groups[name])
        lack = [
            # In shares of the class, so that rare classes weigh as much as frequent ones.
            sum(n / totals[label] * (share - have[p][label] / totals[label]) for label, n in held.items())
            / max(share, 1e-9)
            for p, share in enumerate(shares)
        ]
        best = int(np.argmax(lack))
        parts[best] += groups[name]
        have[best].update(held)
    return parts


def _carve(samples: Sequence[Sample], pool: Sequence[int], share: float, seed: int) -> tuple[list[int], list[int]]:
    out, rest = assign(samples, pool, (share, 1.0 - share), seed)
    return sorted(out), sorted(rest)


def _carve_fold(samples: Sequence[Sample], pool: Sequence[int], rule: SplitRule) -> tuple[list[int], list[int]]:
    parts = assign(samples, pool, [1.0 / rule.folds] * rule.folds, rule.seed)
    rest = [i for n, part in enumerate(parts) if n != rule.fold for i in part]
    return sorted(parts[rule.fold]), sorted(rest)


def _halves(test: Sequence[int]) -> tuple[list[int], list[int]]:
    """(test, validation): what `train_test_split(test, test_size=0.5, random_state=42)` gives as second and first."""
    order = np.random.RandomState(42).permutation(len(test))
    count = -(-len(test) // 2)
    return sorted(test[i] for i in order[:count]), sorted(test[i] for i in order[count:])
