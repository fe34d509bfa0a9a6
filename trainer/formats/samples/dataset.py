"""What every reader gives: labelled samples that are read when asked for, their groups, and the data set's hash."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from engine.domain.inspection import Mask, Pixels
from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from engine.names import name_of
from trainer.formats.samples.groups import joined, source_of
from trainer.formats.samples.unused import Unused, in_short

Part = Literal["", "train", "validation", "test"]
"""Where the data set itself puts a sample; empty = it leaves that to the split."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled picture. `load` gives its pixels and its mask (H×W, 255 = defect; None = not drawn)."""

    key: str
    """Stable inside the data set: the path from its top with forward slashes, or a part's number."""
    label: str
    group: str
    """Samples of one group never cross the parts of a split."""
    load: Callable[[], tuple[Pixels, Mask | None]] = field(compare=False, repr=False)
    has_mask: bool = False
    part: Part = ""
    digest: str = ""
    """sha256 of the picture; empty for made parts, which are never copies of each other."""
    path: Path | None = None
    """The picture's file; None for made parts."""
    also: tuple[str, ...] = ()
    """Further classes that the picture shows beside its label."""
    assumed: bool = False
    """Sound for want of a label: nobody said so."""
    partly: bool = False
    """Something of its labels is not used: it is never sound."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Samples in a fixed order. Classes: sound ones first, then defects."""

    id: str
    """A name, or the `demo:` URI that makes it again."""
    format: str
    classes: tuple[str, ...]
    ok_classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    location: Path | None = None
    missing: int = 0
    """Pictures that the data set names and that are not there."""
    notes: tuple[str, ...] = ()
    """What a person should know of how it was read, a sentence each."""
    unused: tuple[Unused, ...] = ()
    """Labels, masks and boxes that teach nothing, and why."""
    read_from: tuple[Path, ...] = ()
    """Its label files: one that is not among them and bears the name of a picture was passed over."""

    @property
    def doubtful(self) -> int:
        """How many pictures are sound for want of a label while there are labels that are not used."""
        return sum(s.assumed for s in self.samples) if self.unused else 0

    def counts(self) -> dict[str, int]:
        """Samples per class, in the order of `classes`."""
        found = Counter(s.label for s in self.samples)
        return {name: found.get(name, 0) for name in self.classes}

    def sha256(self) -> str:
        """Hash of what is taught: every key, label, group, picture and whether a mask is there."""
        total = hashlib.sha256(self.id.encode() if self.format == "demo" else b"")
        for s in sorted(self.samples, key=lambda s: s.key):
            also = "\0" + ";".join(sorted(s.also)) if s.also else ""
            total.update(f"{s.key}\0{s.label}\0{s.group}\0{s.digest}\0{int(s.has_mask)}{also}\n".encode())
        return total.hexdigest()

    def describe(self) -> dict[str, Any]:
        """Plain figures for `data inspect`."""
        defects = [s for s in self.samples if s.label not in self.ok_classes]
        digests = Counter(s.digest for s in self.samples if s.digest)
        return {
            "id": self.id,
            "format": self.format,
            "pictures": len(self.samples),
            "classes": self.counts(),
            "ok_classes": list(self.ok_classes),
            "groups": len({s.group for s in self.samples}),
            "parts": dict(Counter(s.part or "unassigned" for s in self.samples)),
            "masks": sum(s.has_mask for s in self.samples),
            "defects_without_mask": sum(not s.has_mask for s in defects),
            "duplicates": sum(n - 1 for n in digests.values()),
            "missing": self.missing,
            "notes": list(self.notes),
            "unused": [{"where": one.where, "reason": one.reason} for one in self.unused],
            "sound_without_label": sum(s.assumed for s in self.samples),
            "sha256": self.sha256(),
        }


def make_dataset(
    name: str,
    layout: str,
    samples: Sequence[Sample],
    ok_classes: Sequence[str] = (),
    location: Path | None = None,
    classes: Sequence[str] = (),
    missing: int = 0,
    notes: Sequence[str] = (),
    unused: Sequence[Unused] = (),
) -> Dataset:
    """Order the classes, find the sound ones, join groups that share a picture.

    `classes` are there beside those that the samples show. Raises DatasetError when empty, OneClassError when of one
    class only.
    """
    if not samples:
        raise DatasetError(
            f"The data set {name} holds no labelled pictures{_dropped(unused)}.",
            "Choose a folder with labelled pictures.",
        )
    name, samples, classes = name_of(name), [_kept(s) for s in samples], [name_of(each) for each in classes]
    names = sorted({name for s in samples for name in (s.label, *s.also)} | set(classes))
    sound = tuple(n for n in names if (n in ok_classes if ok_classes else is_sound(n)))
    unknown = [n for n in ok_classes if n not in names]
    if unknown:
        raise DatasetError(f"The data set {name} has no class {unknown[0]!r}.", f"Its classes: {', '.join(names)}.")
    ordered = (*sound, *(n for n in names if n not in sound))
    told = [s for s in (_defects_first(s, sound) for s in samples) if not (s.partly and s.label in sound)]
    made = Dataset(
        name, layout, ordered, sound, tuple(join_copies(told)), location, missing, tuple(notes), tuple(unused)
    )
    if len(names) < 2:
        raise OneClassError(made)
    return made


class OneClassError(DatasetError):
    """A data set of one class: there is nothing to tell apart."""

    def __init__(self, dataset: Dataset) -> None:
        dropped = _dropped(dataset.unused)
        super().__init__(
            f"The data set {dataset.id} shows the class {dataset.classes[0]!r} only{dropped}.",
            "Add pictures of at least one other class.",
        )
        self.dataset = dataset
        """What it holds all the same."""

    def __reduce__(self) -> tuple[type[DatasetError], tuple[object, ...]]:
        """In another process only the sentence counts: how samples are read crosses no boundary."""
        return DatasetError, (self.message, self.remedy)


def _dropped(unused: Sequence[Unused]) -> str:
    return f", and {in_short(unused)}" if unused else ""


def _defects_first(sample: Sample, sound: Collection[str]) -> Sample:
    """A picture that shows a defect is never sound, however much of it bears a sound class's name.

    Readers do not draw what bears such a name; what only `ok_classes` calls sound is drawn, so that mask is dropped.
    """
    shown = (sample.label, *sample.also)
    defects = [name for name in shown if name not in sound]
    if not defects or len(defects) == len(shown):
        return sample
    told = replace(sample, label=defects[0], also=tuple(defects[1:]))
    if all(is_sound(name) for name in shown if name in sound):
        return told
    return replace(told, has_mask=False, load=lambda: (sample.load()[0], None))


def unless_sound(first: Sample | None) -> Sample | None:
    """What stays of a picture that is named twice: its first entry where that says a defect, else nothing is known."""
    return None if first is None or is_sound(first.label) else replace(first, partly=True)


def _kept(sample: Sample) -> Sample:
    """With names that a package, JSON and a terminal can hold; a class or a key may be the name of a folder."""
    key, label, group = name_of(sample.key), name_of(sample.label), name_of(sample.group)
    also = tuple(map(name_of, sample.also))
    if (key, label, group, also) == (sample.key, sample.label, sample.group, sample.also):
        return sample
    return replace(sample, key=key, label=label, group=group, also=also)


def unseen_notes(classes: Iterable[str], seen: Iterable[str]) -> tuple[str, ...]:
    """A sentence on the classes that the data set declares and no picture shows; empty when there are none."""
    unseen = sorted(set(classes) - set(seen))
    return (f"No picture shows {', '.join(unseen)}.",) if unseen else ()


def join_copies(samples: Iterable[Sample]) -> list[Sample]:
    """Put groups into one that hold the same picture byte for byte, or made anew by Roboflow (turned, darkened …).

    So no copy is both learnt and tested.
    """
    listed = list(samples)
    first: dict[str, str] = {}
    made = [(source_of(s.key), s.group) for s in listed]
    pairs = [(first.setdefault(s.digest, s.group), s.group) for s in listed if s.digest]
    pairs += [(first.setdefault(source, group), group) for source, group in made if source]
    groups = joined((s.group for s in listed), pairs)
    return [s if groups[s.group] == s.group else replace(s, group=groups[s.group]) for s in listed]


UNLABELLED = "unlabelled"
"""The format of a data set that only the teacher labels."""
