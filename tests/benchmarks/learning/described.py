"""Pictures of a data set as the backbone describes them, clean, varied or made worse, and what is taught of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backbone.backbone import Backbone, Description
from engine.domain.inspection import Mask
from engine.learning.figures import Told, told_by_part
from engine.learning.taught import Bools, Floats, Taught, taught
from engine.learning.variation import COPIES, moved_mask, variations, varied
from engine.preprocessing.input_spec import InputSpec
from engine.preprocessing.placement import prepare, prepare_mask
from trainer.data.inspect.copies import find_copies
from trainer.data.inspect.survey import survey
from trainer.evaluation.disturb import CLEAN, Condition
from trainer.formats.samples.dataset import Sample

DRAWS = 10
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One picture of a part as the model sees it, its description, and its mask."""

    part: str
    description: Description
    mask: Mask | None
    varied: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """A backbone and the input that it was made for."""

    spec: InputSpec
    backbone: Backbone

    def see(self, samples: Sequence[Sample], condition: Condition = CLEAN) -> Iterator[Seen]:
        """Each picture under a condition."""
        masks = []

        def inputs() -> Iterator[NDArray[np.uint8]]:
            for sample in samples:
                pixels, mask = sample.load()
                masks.append(None if mask is None else prepare_mask(mask, self.spec))
                yield prepare(condition.disturb(pixels, sample.key), self.spec)

        for index, found in enumerate(self.backbone.describe(inputs())):
            yield Seen(samples[index].key, found, masks[index])

    def see_copies(self, samples: Sequence[Sample], count: int = COPIES) -> Iterator[Seen]:
        """The varied copies of each picture."""
        known: list[tuple[str, Mask | None]] = []

        def inputs() -> Iterator[NDArray[np.uint8]]:
            for sample in samples:
                pixels, mask = sample.load()
                picture = prepare(pixels, self.spec)
                placed = None if mask is None else prepare_mask(mask, self.spec)
                for how in variations(picture, copies=count):
                    known.append((sample.key, None if placed is None else moved_mask(placed, how)))
                    yield varied(picture, how)

        for index, found in enumerate(self.backbone.describe(inputs())):
            part, mask = known[index]
            yield Seen(part, found, mask, varied=True)


def eye(height: int, width: int, channels: int = 1, *, places: bool = False) -> Eye:
    """For pictures stretched to this size."""
    spec = InputSpec.model_validate({"height": height, "width": width, "channels": channels, "resize": "stretch"})
    return Eye(spec, Backbone(height, width, channels, patches=places))


def table(seen: Iterator[Seen]) -> Floats:
    """Whole-picture descriptions, N×1488."""
    return np.stack([one.description.whole for one in seen]).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """Samples with their descriptions N×1488 and those of their copies N×C×1488."""

    samples: tuple[Sample, ...]
    values: Floats
    copies: Floats

    @property
    def words(self) -> NDArray[np.str_]:
        """The class of each sample."""
        return np.array([sample.label for sample in self.samples])

    def taught(self, rows: Rows, words: NDArray[np.str_] | None = None) -> Taught:
        """Some of them with all their copies; under other words than their own where these are given."""
        said = self.words[rows] if words is None else words
        count = self.copies.shape[1]
        values = np.concatenate([self.values[rows], self.copies[rows].reshape(-1, self.values.shape[1])])
        parts = [self.samples[row].key for row in rows]
        again = [text for texts in (parts, said.tolist()) for text in texts for _ in range(count)]
        half = len(again) // 2
        marks = np.repeat([False, True], [len(rows), len(rows) * count])
        return taught(values, [*parts, *again[:half]], [*said.tolist(), *again[half:]], marks)


def collected(samples: Sequence[Sample], at: Eye, count: int = COPIES) -> Collection:
    """Described, with their varied copies."""
    values, copies = table(at.see(samples)), table(at.see_copies(samples, count))
    return Collection(tuple(samples), values, copies.reshape(len(samples), -1, values.shape[1]))


def told(given: Taught, left_out: Floats, defective: Sequence[str]) -> Told:
    """Left-out scores by part: N scores of `defective` words."""
    shown = given.shown
    bad = np.array([given.words[row] in defective for row in shown])
    return told_by_part([given.parts[row] for row in shown], left_out[shown], bad)


def apart(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """The teaching and the judged part of a data set: of the first none that is, nearly or byte for byte, a copy of
    one of the second; of the second none that is there twice, or of which the first has the very bytes."""
    copies = find_copies(survey(samples))
    held = {index for index, sample in enumerate(samples) if sample.part == "test"}
    dropped = set()
    for group in copies.identical:
        taught_too = any(index not in held for index in group)
        dropped |= set(group) if taught_too and held & set(group) else set(group[1:])
    for one, other in copies.near:
        if (one in held) != (other in held):
            dropped.add(other if one in held else one)
    kept = [(index in held, sample) for index, sample in enumerate(samples) if index not in dropped]
    return [sample for test, sample in kept if not test], [sample for test, sample in kept if test]


def drawn(draw: int, pools: Sequence[Rows], counts: Sequence[int]) -> Rows:
    """So many of each pool; the same in every run."""
    random = np.random.default_rng(draw)
    return np.concatenate([random.permutation(pool)[:count] for pool, count in zip(pools, counts, strict=True)])


def mistakes(scores: Floats, defective: Bools, threshold: float) -> tuple[float, float]:
    """Escapes and overkill as shares, 0…1."""
    return float((scores[defective] < threshold).mean()), float((scores[~defective] >= threshold).mean())


def summary(name: str, figures: Sequence[Sequence[float]], columns: Sequence[str], worst: Sequence[bool]) -> str:
    """A line: of each column the mean and the worst of all draws. `worst`: whether the least is the worst."""
    values = np.array(figures, np.float64)
    ends = [column.min() if least else column.max() for column, least in zip(values.T, worst, strict=True)]
    told_of = zip(columns, values.mean(axis=0), ends, strict=True)
    return f"{name:<34}" + "".join(f"  {column} {mean:.4f} ({end:.4f})" for column, mean, end in told_of)
