"""What is wrong with a data set, each finding with what it means and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.data.inspect.copies import Copies, conflicts, crossing_copies, crossing_near, named
from trainer.data.inspect.hints import Hint
from trainer.data.inspect.survey import Facts
from trainer.formats.samples.dataset import Dataset
from trainer.split import Split

ODD = 5.0
"""Robust z from which a picture's brightness is odd; Iglewicz & Hoaglin (1993) take 3.5, but surfaces vary more."""
LEAST_SPREAD = 2.0
"""Grey levels: the median deviation is taken as at least this, or pictures of one lamp would all be odd."""
_OWN_SCALE = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know before training: how often it is so, what it means, what to do, and where."""

    kind: str
    count: int
    text: str
    remedy: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """All that was found out about a data set."""

    dataset: Dataset
    facts: Sequence[Facts]
    copies: Copies
    hints: Sequence[Hint]
    parts: Split | None
    """What a training with the default settings learns from; None where it cannot be split."""
    refusal: str = ""
    """Why it cannot be split."""


def findings(looked: Looked) -> list[Finding]:
    """The worst first; empty when there is nothing to mend."""
    rules = (
        _unused,
        _split,
        _classes,
        _unreadable,
        _missing,
        _conflicts,
        _leaks,
        _hints,
        _near,
        _masks,
        _copies,
        _brightness,
    )
    return [finding for rule in rules for finding in rule(looked)]


def odd_brightness(facts: Sequence[Facts]) -> list[tuple[Facts, float]]:
    """Pictures much darker or brighter than their class, each with its robust z: 0.6745·(mean − median) / MAD.

    A class of fewer than eight pictures is measured by the whole data set.
    """
    read = [f for f in facts if not f.error]
    counts = Counter(f.sample.label for f in read)
    found: list[tuple[Facts, float]] = []
    for label, count in counts.items():
        own = [f for f in read if f.sample.label == label]
        scale = np.array([f.brightness for f in (own if count >= _OWN_SCALE else read)])
        middle = float(np.median(scale))
        spread = max(LEAST_SPREAD, float(np.median(np.abs(scale - middle))))
        found += [(f, 0.6745 * (f.brightness - middle) / spread) for f in own]
    return sorted((pair for pair in found if abs(pair[1]) > ODD), key=lambda pair: -abs(pair[1]))


def empty_classes(dataset: Dataset) -> list[str]:
    """Classes that the data set declares and no picture shows."""
    shown = _shown(dataset)
    return [name for name in dataset.classes if name not in shown]


def empty_masks(facts: Sequence[Facts], dataset: Dataset) -> dict[str, int]:
    """Defects whose mask is there and shows nothing, per class."""
    blank = [f for f in facts if f.mask_size is not None and not f.mask_set]
    return dict(Counter(f.sample.label for f in blank if f.sample.label not in dataset.ok_classes))


def other_masks(facts: Sequence[Facts]) -> list[Facts]:
    """Pictures whose mask has another size."""
    return [f for f in facts if f.unfit or (f.mask_size is not None and f.mask_size != f.size)]


def _shown(dataset: Dataset) -> set[str]:
    return {name for s in dataset.samples for name in (s.label, *s.also)}


def _unused(looked: Looked) -> list[Finding]:
    dataset = looked.dataset
    if not dataset.unused:
        return []
    text, remedy = f"Not used: {_labels(len(dataset.unused))}.", "Mend them, or take them out."
    if dataset.doubtful:
        text += f" They may be meant for {_pictures(dataset.doubtful)} without a label: training and evaluation refuse."
        remedy = "Mend them, or say --without-label ok where a picture without a label is sound."
    return [Finding("unused", len(dataset.unused), text, remedy, tuple(map(str, dataset.unused)))]


def _split(looked: Looked) -> list[Finding]:
    if not looked.refusal or len(_shown(looked.dataset)) == 1:
        return []
    return [Finding("split", 1, f"It cannot be split for a training: {looked.refusal}", "Add pictures.")]


def _classes(looked: Looked) -> list[Finding]:
    shown, found = _shown(looked.dataset), []
    if len(shown) == 1:
        text = f"Every picture is of the one class {min(shown)}: there is nothing to tell apart."
        found.append(Finding("one-class", 1, text, "Add pictures of another class."))
    if empty := empty_classes(looked.dataset):
        text = f"No picture shows {', '.join(empty)}: a model cannot learn what it never sees."
        found.append(Finding("empty-class", len(empty), text, "Add pictures of it, or remove the class.", (*empty,)))
    return found


def _unreadable(looked: Looked) -> list[Finding]:
    bad = [f for f in looked.facts if f.error and not f.unfit]
    text = f"Cannot be read: {_pictures(len(bad))}."
    remedy = "Replace them by complete copies, or take them out."
    return [Finding("unreadable", len(bad), text, remedy, tuple(f.error for f in bad))] if bad else []


def _missing(looked: Looked) -> list[Finding]:
    count = looked.dataset.missing
    text = f"Named by the labels but not there: {_pictures(count)}."
    return [Finding("missing", count, text, "Copy them there, or take them out of the labels.")] if count else []


def _conflicts(looked: Looked) -> list[Finding]:
    if not (same := conflicts(looked.copies.identical, looked.dataset.samples)):
        return []
    text = f"Under two classes, byte for byte: {_pictures(len(same))}. One of the labels is wrong."
    remedy = "Decide which class is right and delete the other copy."
    return [Finding("conflict", len(same), text, remedy, _labelled(same, looked, "="))]


def _leaks(looked: Looked) -> list[Finding]:
    samples = looked.dataset.samples
    pairs = crossing_copies(looked.copies, samples)
    if not pairs:
        return []
    ways = Counter((samples[a].part, samples[b].part) for a, b in pairs)
    told = ", ".join(f"{n} of {a} in {b}" for (a, b), n in ways.items())
    text = f"Copies across parts, byte for byte: {told}. Figures would flatter the model."
    remedy = "Training leaves them out by itself (leaks=drop); delete them to be rid of them everywhere."
    return [Finding("leak", len(pairs), text, remedy, tuple(named(pairs, samples, "=")))]


def _near(looked: Looked) -> list[Finding]:
    """Pairs that look alike: across the split, and under different classes."""
    samples, found = looked.dataset.samples, []
    least = "" if looked.copies.complete else "at least "
    if pairs := crossing_near(looked.copies, samples, looked.parts):
        text = f"Held out, but much like one learnt from or validated with: {least}{_pictures(len(pairs))}."
        text += " Figures may flatter the model."
        remedy = "Look at them; of two shots of one part keep both in one of the folders train, validation and test."
        found.append(Finding("near-leak", len(pairs), text, remedy, tuple(named(pairs, samples, "≈"))))
    if near := conflicts(looked.copies.near, samples):
        text = f"Much alike under different classes: {least}{len(near):,} pairs."
        remedy = "Look at them: a label may be wrong, or the defect is small."
        found.append(Finding("near-conflict", len(near), text, remedy, _labelled(near, looked, "≈")))
    return found


def _copies(looked: Looked) -> list[Finding]:
    samples = looked.dataset.samples
    pairs = [
        (rows[0], other)
        for rows in looked.copies.identical
        for other in rows[1:]
        if samples[rows[0]].part == samples[other].part and samples[rows[0]].label == samples[other].label
    ]
    if not pairs:
        return []
    text = f"Copies of others, byte for byte: {_pictures(len(pairs))}. The split keeps copies together."
    return [Finding("copies", len(pairs), text, "Delete those that are not wanted.", tuple(named(pairs, samples, "=")))]


def _hints(looked: Looked) -> list[Finding]:
    found = []
    for h in looked.hints:
        text = (
            f"The {h.trait} hints at the class ({h.share:.0%} of what there is to know): {h.inside:.0%} of {h.label} "
            f"have {h.value or 'none'}, {h.outside:.0%} of all others. A model may learn that instead of the surface."
        )
        remedy = "Save all pictures in the same way and size, or check the figures on pictures that are alike in this."
        found.append(Finding("class-hint", round(h.share * 100), text, remedy))
    return found


def _masks(looked: Looked) -> list[Finding]:
    dataset, found = looked.dataset, []
    if other := other_masks(looked.facts):
        text = f"Mask or outline of another size than the picture: {_pictures(len(other))}."
        where = tuple(f.error or f"{f.sample.key}: {_size(f.size)}, mask {_size(f.mask_size)}" for f in other)
        found.append(Finding("mask-size", len(other), text, "Draw them anew at the picture's size.", where))
    if blank := empty_masks(looked.facts, dataset):
        text = f"Defects with an empty mask: {_counted(blank)}."
        found.append(Finding("empty-mask", sum(blank.values()), text, "Draw the defects, or delete these masks."))
    bare = Counter(s.label for s in dataset.samples if not s.has_mask and s.label not in dataset.ok_classes)
    if bare and any(s.has_mask for s in dataset.samples):
        text = f"Defects with no mask, or an empty one: {_counted(bare)}. They teach the class, not the place."
        where = tuple(s.key for s in dataset.samples if not s.has_mask and s.label in bare)
        found.append(Finding("no-mask", sum(bare.values()), text, "Draw them where places matter.", where))
    drawn = [f.sample.key for f in looked.facts if f.mask_set and f.sample.label in dataset.ok_classes]
    if drawn:
        text = f"Sound by their class, but with a defect drawn: {_pictures(len(drawn))}."
        found.append(Finding("sound-mask", len(drawn), text, "Correct the class or the mask.", tuple(drawn)))
    return found


def _brightness(looked: Looked) -> list[Finding]:
    odd = odd_brightness(looked.facts)
    if not odd:
        return []
    text = f"Much darker or brighter than their class: {_pictures(len(odd))}."
    where = tuple(f"{f.sample.key}: mean {f.brightness:.0f}, z {z:+.1f}" for f, z in odd)
    return [Finding("brightness", len(odd), text, "Look at them: lamp, exposure, or another product.", where)]


def _labelled(pairs: Sequence[tuple[int, int]], looked: Looked, sign: str) -> tuple[str, ...]:
    samples = looked.dataset.samples
    return tuple(
        f"{samples[a].key} ({samples[a].label}) {sign} {samples[b].key} ({samples[b].label})" for a, b in pairs
    )


def _pictures(count: int) -> str:
    return f"{count:,} picture{'s' * (count != 1)}"


def _labels(count: int) -> str:
    return "one label, mask or box" if count == 1 else f"{count:,} labels, masks or boxes"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items())


def _size(size: tuple[int, int] | None) -> str:
    return "none" if size is None else f"{size[0]}×{size[1]}"
