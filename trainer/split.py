"""Train, validation and test: by group, alike in classes, seeded. Copies of a picture are one group already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.errors import DatasetError, UsageError
from trainer.formats.samples.dataset import Sample


@dataclass(frozen=True, slots=True)
class Split:
    """Indices into the data set's samples, each sorted; `dropped` are copies of held-out pictures, used nowhere."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    dropped: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    """What the user must know of it, one sentence each."""


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How to split: shares of the whole, or fold `fold` of `folds` as test and the share of the rest for validation.

    `validation_from = "test-half"` halves the data set's own test part as scikit-learn's train_test_split does with
    random_state 42 (the casting publication); else validation is carved from the training part.
    `method = "torch-random"` is torch's `random_split` with a generator seeded `seed`, first of everything into rest
    and test, then of that rest into train and validation (the GC10 publication). It knows neither groups nor classes.
    `leaks`: what happens to pictures that are learnt from, or validated with, while a copy or a picture of their group
    is held out: left out, refused, or kept. A split by torch-random minds copies only.
    """

    validation: float = 0.15
    test: float = 0.15
    folds: int = 0
    fold: int = 0
    validation_from: Literal["train", "test-half"] = "train"
    seed: int = 0
    method: Literal["stratified", "torch-random"] = "stratified"
    leaks: Literal["drop", "refuse", "allow"] = "drop"


def split(samples: Sequence[Sample], rule: SplitRule) -> Split:
    """Where the data set says test or validation it is so; the rest is shared out by the rule.

    Raises DatasetError when nothing is left to train on, a part that was asked for stays empty, or there are leaks
    and the rule refuses them; UsageError for folds by torch-random.
    """
    test, validation, pool = _parts(samples, rule)
    leaking = _leaking(samples, pool, validation, test, rule)
    notes = _leak_notes(samples, leaking, test, validation, rule)
    dropped = sorted(leaking) if rule.leaks == "drop" else []
    pool = [i for i in pool if i not in leaking] if dropped else pool
    validation = [i for i in validation if i not in leaking] if dropped else validation
    if not validation and rule.validation > 0 and rule.method != "torch-random":
        validation, pool = _carve(samples, pool, rule.validation, rule.seed + 1)
    if not pool or (rule.validation > 0 and not validation):
        raise DatasetError(
            f"{len(samples)} pictures in {len({s.group for s in samples})} groups are too few to split.",
            "Add pictures, or lower validation_fraction and test_fraction.",
        )
    notes += _group_notes(samples, pool, [*test, *validation], rule) + _absent(samples, validation, test)
    return Split(tuple(sorted(pool)), tuple(sorted(validation)), tuple(sorted(test)), tuple(dropped), tuple(notes))


def check_classes(samples: Sequence[Sample], parts: Split) -> None:
    """For a training from scratch: raises DatasetError when there is one class only, or one that cannot be learnt."""
    every = Counter(name for s in samples for name in _shown(s))
    if len(every) < 2:
        raise DatasetError(
            f"Every picture is of the one class {''.join(every)!r}, so there is nothing to tell apart.",
            "Add pictures of another class.",
        )
    learnt = {name for i in parts.train for name in _shown(samples[i])}
    missing = sorted(every.keys() - learnt)
    if missing:
        raise DatasetError(
            f"The class {missing[0]!r} has {every[missing[0]]} pictures and none of them is left to learn from.",
            "Add pictures of it, or lower validation_fraction and test_fraction.",
        )


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


def torch_permutation(count: int, seed: int) -> list[int]:
    """What `torch.randperm(count, generator=torch.Generator().manual_seed(seed))` gives on a CPU, without torch.

    Knuth's shuffle by 32-bit draws of a Mersenne twister (ATen/native/TensorFactories.cpp, randperm_cpu): NumPy's
    RandomState seeds and draws the same one.
    """
    draws = np.random.RandomState(seed & 0xFFFFFFFF).randint(0, 2**32, max(0, count - 1), dtype=np.uint32).tolist()
    order = list(range(count))
    for i, draw in enumerate(draws):
        j = i + draw % (count - i)
        order[i], order[j] = order[j], order[i]
    return order


def _parts(samples: Sequence[Sample], rule: SplitRule) -> tuple[list[int], list[int], list[int]]:
    """(test, validation, pool): as the data set and the rule say, before leaks; a validation part may be to carve."""
    fixed = {name: [i for i, s in enumerate(samples) if s.part == name] for name in ("train", "validation", "test")}
    test, validation = fixed["test"], fixed["validation"]
    if test and not validation and rule.validation_from == "test-half":
        test, validation = _halves(test)
    pool = sorted(fixed["train"] + [i for i, s in enumerate(samples) if not s.part])
    if rule.method == "torch-random":
        return _torch_random(samples, pool, test, validation, rule)
    if not test and rule.folds > 1:
        test, pool = _carve_fold(samples, pool, rule)
    elif not test and rule.test > 0:
        test, pool = _carve(samples, pool, rule.test, rule.seed)
    return test, validation, pool


def _torch_random(
    samples: Sequence[Sample], pool: Sequence[int], test: list[int], validation: list[int], rule: SplitRule
) -> tuple[list[int], list[int], list[int]]:
    """(test, validation, train), counts rounded down. Before it, in torchvision's order: by folder and file name."""
    if rule.folds > 1:
        raise UsageError("A split by torch-random has no folds.", "Set folds=0, or split=stratified.")
    rest = sorted(pool, key=lambda i: samples[i].key.split("/"))
    counts = int(rule.test * len(rest)), int(rule.validation * len(rest))
    if not test:
        rest, test = _torch_pair(rest, counts[0], rule.seed)
    if not validation:
        rest, validation = _torch_pair(rest, counts[1], rule.seed)
    return test, validation, rest


def _torch_pair(rows: Sequence[int], count: int, seed: int) -> tuple[list[int], list[int]]:
    """`random_split(rows, [len(rows) - count, count])`."""
    order = [rows[i] for i in torch_permutation(len(rows), seed)]
    return order[: len(rows) - count], order[len(rows) - count :]


def _leaking(
    samples: Sequence[Sample], pool: Sequence[int], validation: Sequence[int], test: Sequence[int], rule: SplitRule
) -> dict[int, int]:
    """Samples to learn from or to validate with → the held-out one that each gives away."""
    key = _leak_key(rule)
    tested = {key(samples[i]): i for i in reversed(test)}
    held = {**{key(samples[i]): i for i in reversed(validation)}, **tested}
    found = {i: held[key(samples[i])] for i in pool if key(samples[i]) and key(samples[i]) in held}
    return found | {i: tested[key(samples[i])] for i in validation if key(samples[i]) and key(samples[i]) in tested}


def _leak_key(rule: SplitRule) -> Callable[[Sample], str]:
    """What held-out pictures must not share with the others; empty = nothing to share."""
    return (lambda s: s.digest) if rule.method == "torch-random" else (lambda s: s.group)


def _leak_notes(
    samples: Sequence[Sample], leaking: dict[int, int], test: Sequence[int], validation: Sequence[int], rule: SplitRule
) -> list[str]:
    if not leaking:
        return []
    digests = {samples[i].digest for i in (*test, *validation)}
    copies = all(samples[i].digest and samples[i].digest in digests for i in leaking)
    what = f"{len(leaking)} " + ("copies of held-out pictures" if copies else "pictures of groups that are held out")
    if rule.leaks == "refuse":
        one, other = next(iter(leaking.items()))
        raise DatasetError(
            f"There are {what}, such as {samples[one].key} and {samples[other].key}.",
            "Take them out, or set leaks=drop to leave them out of the training or leaks=allow to keep them.",
        )
    if rule.leaks == "allow":
        return [f"{what} are used all the same, as asked for: the figures flatter the model."]
    return [f"{what} are left out."]


def _group_notes(samples: Sequence[Sample], train: Sequence[int], held: Sequence[int], rule: SplitRule) -> list[str]:
    """A split by torch-random tears groups apart, as published: how much."""
    groups = {samples[i].group for i in held} if rule.method == "torch-random" else set()
    digests = {samples[i].digest for i in held} - {""}
    count = sum(samples[i].group in groups and samples[i].digest not in digests for i in train)
    return [f"{count} pictures to learn from share a group with held-out ones: torch-random knows none."] * (count > 0)


def _absent(samples: Sequence[Sample], validation: Sequence[int], test: Sequence[int]) -> list[str]:
    """Classes that a held-out part lacks: its figures are silent on them."""
    every = {name for s in samples for name in _shown(s)}
    notes = []
    for part, rows in (("validation", validation), ("test", test)):
        missing = sorted(every - {name for i in rows for name in _shown(samples[i])}) if rows else []
        if missing:
            notes.append(f"The {part} part has no picture of {', '.join(missing)}: its figures say nothing of that.")
    return notes


def _shown(sample: Sample) -> tuple[str, ...]:
    return (sample.label, *sample.also)


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
