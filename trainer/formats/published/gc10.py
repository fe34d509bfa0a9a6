"""GC10-DET: Pascal VOC files whose objects bear names such as `1_chongkong`, pictures in class folders 1 … 10.

The real files have quirks: `10_yaozhe` and `10_yaozhed` are one class, some names are strays, and the folders' numbers
disagree with the names. Only the word after the number counts. Every picture is defective: there is no sound class.

Groups: a picture's own file. The names (`img_camera_strip_frame`) tell frames of one strip, but the publication splits
at random.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from trainer.formats.labels.voc import first_names, labelled
from trainer.formats.samples.dataset import Dataset, make_dataset, unseen_notes
from trainer.formats.samples.unused import Leftovers

NAMES = {
    "chongkong": "punching",
    "hanfeng": "weld_line",
    "yueyawan": "crescent_gap",
    "shuiban": "water_spot",
    "youban": "oil_spot",
    "siban": "silk_spot",
    "yiwu": "inclusion",
    "yahen": "rolled_pit",
    "zhehen": "crease",
    "yaozhe": "waist_folding",
    "yaozhed": "waist_folding",
}
_NUMBER = re.compile(r"^\d+[ _-]*")


def class_name(name: str) -> str:
    """The English class of an object's name, empty for a stray one."""
    return NAMES.get(_NUMBER.sub("", name.strip().lower()), "")


def looks_like(folder: Path) -> bool:
    """True when some object bears one of GC10's names."""
    return any(class_name(name) for name in first_names(folder))


def open_gc10(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture with at least one known object; label = the class with most box area, `also` the others.

    Raises DatasetError, also when no picture is there.
    """
    left = Leftovers()
    samples, missing, notes = labelled(folder, class_name, left, empty="")
    notes += unseen_notes(NAMES.values(), (name for s in samples for name in (s.label, *s.also)))
    name = folder.resolve().name
    return make_dataset(name, "gc10", samples, ok_classes, folder, missing=missing, notes=notes, unused=left.found)
