"""A head that says where: ridge on every place's patch, taught by painted places against good ones.

Half the weight lies on painted patches, however few there are. Of the good half, one half goes to the patches that the
last round took most for defects: hard negatives, mined twice (Felzenszwalb and others, Object detection with
discriminatively trained part-based models, PAMI 32 (2010), 1627-1645). A picture is as bad as its five worst places.
All sums are kept by part, so a part leaves exactly: its painted places, its good ones, its copies and what was mined
of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import InputError
from engine.learning.class_head import calibrated
from engine.learning.moments import Moments, moments_of, ridge_of
from engine.learning.places import Painted, Patches
from engine.learning.taught import COPY_WEIGHT, Bools, Floats

PENALTY = 0.1
ROUNDS = 2
HARD = 0.02
"""Share of the good places that are mined."""
BELIEVED = 0.5
"""Share of a box's places that stay bad, each round."""
WORST = 5
"""Places whose mean is the picture's."""


@dataclass(frozen=True, slots=True, eq=False)
class PatchHead:
    """A place's value is patch @ weights + bias; logistic(gain * value + offset) its probability, and the picture's of
    the mean of its WORST values."""

    weights: Floats
    bias: float
    gain: float
    offset: float

    def values(self, patches: Patches) -> Floats:
        """H×W values of H×W×D patches."""
        return np.asarray(patches.astype(np.float64) @ self.weights + self.bias, np.float64)

    def map(self, patches: Patches) -> Floats:
        """H×W probabilities."""
        return self._likely(self.values(patches))

    def score(self, patches: Patches) -> float:
        """0…1, of the picture."""
        return float(self._likely(np.array(worst(self.values(patches)))))

    def _likely(self, values: Floats) -> Floats:
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * (self.gain * values + self.offset))), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class PatchFit:
    """A head, and the score of each taught picture by a head that its part had no share in; nan where no painted part
    would be left. In the order of the pictures given."""

    head: PatchHead
    left_out: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Of one part, or of several: moments of painted, good and mined places."""

    bad: Moments
    good: Moments
    hard: Moments

    def __add__(self, other: _Places) -> _Places:
        return _Places(self.bad + other.bad, self.good + other.good, self.hard + other.hard)

    def __sub__(self, other: _Places) -> _Places:
        return _Places(self.bad - other.bad, self.good - other.good, self.hard - other.hard)


def fit_patches(pictures: Sequence[Painted]) -> PatchFit:
    """Learn from pictures of which some are painted. Raises InputError where none is, or no place is good."""
    if not any(picture.defective for picture in pictures):
        raise InputError("No defect is painted yet.", "Paint one on a picture of a bad part.")
    if not any(picture.good.any() for picture in pictures):
        raise InputError("No place is taught as good.", "Teach a good part, or paint all of a defect.")
    # Sums depend on their order by rounding: the canonical one makes a refit the same.
    order = sorted(range(len(pictures)), key=lambda i: (pictures[i].part, pictures[i].varied, i))
    taught = [pictures[i] for i in order]
    by_part, plain = _mined(taught)
    told = np.empty(len(pictures))
    told[order] = _left_out(taught, by_part)
    shown = np.array([not picture.varied for picture in pictures]) & np.isfinite(told)
    held = np.array([picture.defective for picture in pictures])
    gain, offset = _likelihood(told[shown], held[shown])
    head = PatchHead(plain.weights, plain.bias, gain, offset)
    return PatchFit(head, 0.5 * (1.0 + np.tanh(0.5 * (gain * told + offset))))


def worst(values: Floats) -> float:
    """The mean of the WORST highest values."""
    flat = values.ravel()
    return float(np.sort(flat)[-min(WORST, flat.size) :].mean())


def _mined(pictures: Sequence[Painted]) -> tuple[dict[str, _Places], PatchHead]:
    """Moments by part after all rounds, and the head they make."""
    good = [_moments(picture, picture.good) for picture in pictures]
    bad = [picture.bad for picture in pictures]
    hard = [np.zeros_like(picture.good) for picture in pictures]
    for step in range(1, ROUNDS + 1):
        head = _solved(_together(_by_part(pictures, bad, good, hard).values()))
        values = [head.values(picture.patches) for picture in pictures]
        bad = [_believed(picture, value, BELIEVED**step) for picture, value in zip(pictures, values, strict=True)]
        limit = np.quantile(np.concatenate([v[p.good] for p, v in zip(pictures, values, strict=True)]), 1.0 - HARD)
        hard = [picture.good & (value >= limit) for picture, value in zip(pictures, values, strict=True)]
    by_part = _by_part(pictures, bad, good, hard)
    return by_part, _solved(_together(by_part.values()))


def _believed(picture: Painted, values: Floats, share: float) -> Bools:
    """Of a box the places that look most like a defect so far, fewer each round."""
    if not picture.boxed:
        return picture.bad
    return np.asarray(picture.bad & (values >= np.quantile(values[picture.bad], 1.0 - share)), np.bool_)


def _by_part(
    pictures: Sequence[Painted], bad: Sequence[Bools], good: Sequence[Moments], hard: Sequence[Bools]
) -> dict[str, _Places]:
    found: dict[str, _Places] = {}
    for picture, painted, sums, mined in zip(pictures, bad, good, hard, strict=True):
        own = _Places(_moments(picture, painted), sums, _moments(picture, mined))
        found[picture.part] = found[picture.part] + own if picture.part in found else own
    return found


def _moments(picture: Painted, chosen: Bools) -> Moments:
    return moments_of(picture.patches[chosen].astype(np.float64)) * (COPY_WEIGHT if picture.varied else 1.0)


def _together(every: Iterable[_Places]) -> _Places:
    first, *rest = every
    for one in rest:
        first = first + one
    return first


def _solved(places: _Places) -> PatchHead:
    """By weights: half painted; of the other half, half mined."""
    bad = places.bad * (0.5 / places.bad.weight)
    if places.hard.weight > 0.5 * COPY_WEIGHT:
        good = places.good * (0.25 / places.good.weight) + places.hard * (0.25 / places.hard.weight)
    else:
        good = places.good * (0.5 / places.good.weight)
    found = ridge_of({"bad": bad, "good": good}, PENALTY)
    weights = found.weights[:, 0] / found.standard.deviation
    return PatchHead(weights, float(found.bias[0] - found.standard.mean @ weights), 1.0, 0.0)


def _left_out(pictures: Sequence[Painted], by_part: dict[str, _Places]) -> Floats:
    """The picture's value, by a head without its part."""
    whole, heads = _together(by_part.values()), dict[str, PatchHead | None]()
    for part, own in by_part.items():
        rest = whole - own
        taught = rest.bad.weight > 0.5 * COPY_WEIGHT and rest.good.weight > 0.5 * COPY_WEIGHT
        heads[part] = _solved(rest) if taught else None
    found = [(heads[picture.part], picture.patches) for picture in pictures]
    return np.array([np.nan if head is None else worst(head.values(patches)) for head, patches in found])


def _likelihood(told: Floats, held: Bools) -> tuple[float, float]:
    """Gain and offset that make values of parts left out probabilities; plain ones where one kind is missing."""
    if not held.any() or held.all():
        return 8.0, -4.0
    outputs = np.stack([1.0 - told, told], axis=1)
    scale, offsets = calibrated(outputs, np.stack([~held, held], axis=1).astype(np.float64))
    return 2.0 * scale, float(offsets[1] - offsets[0]) - scale
