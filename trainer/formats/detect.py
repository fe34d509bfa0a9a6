"""Which layout a data set has, and opening it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import DatasetError, UsageError
from engine.names import path_of
from trainer.formats import lineside
from trainer.formats.agreement import without_disagreement
from trainer.formats.demo import open_demo
from trainer.formats.labels import (
    coco,
    colour_masks,
    cvat,
    imagefolder,
    label_studio,
    labelme,
    manifest,
    masks,
    voc,
    yolo,
)
from trainer.formats.published import dagm, gc10, kolektor, magnetic, mvtec, severstal, visa
from trainer.formats.samples.contradicted import without_contradicted, without_copies_of_defects
from trainer.formats.samples.dataset import Dataset
from trainer.formats.samples.lone_masks import without_lone_masks
from trainer.formats.samples.overlooked import with_overlooked
from trainer.formats.samples.unused import doubt_notes, refuse_doubt

_READERS: dict[str, tuple[Callable[[Path], bool], Callable[[Path, Sequence[str]], Dataset]]] = {
    # In this order: an export may lie in class folders, item folders look like class folders, GC10 is a kind of VOC,
    # and what names each of its pictures goes before what is told by folders and by single masks.
    "lineside": (lineside.looks_like, lineside.open_lineside),
    "mvtec": (mvtec.looks_like, mvtec.open_mvtec),
    "visa": (visa.looks_like, visa.open_visa),
    "dagm": (dagm.looks_like, dagm.open_dagm),
    "severstal": (severstal.looks_like, severstal.open_severstal),
    "magnetic-tile": (magnetic.looks_like, magnetic.open_magnetic),
    "manifest": (manifest.looks_like, manifest.open_manifest),
    "coco": (coco.looks_like, coco.open_coco),
    "label-studio": (label_studio.looks_like, label_studio.open_label_studio),
    "cvat": (cvat.looks_like, cvat.open_cvat),
    "labelme": (labelme.looks_like, labelme.open_labelme),
    "colour-masks": (colour_masks.looks_like, colour_masks.open_colour_masks),
    "gc10": (gc10.looks_like, gc10.open_gc10),
    "voc": (voc.looks_like, voc.open_voc),
    "yolo": (yolo.looks_like, yolo.open_yolo),
    "kolektor": (kolektor.looks_like, kolektor.open_kolektor),
    "masks": (masks.looks_like, masks.open_masks),
    "imagefolder": (imagefolder.looks_like, imagefolder.open_imagefolder),
}
FORMATS = (*_READERS, "demo")
_NO_LABELS = ("lineside", "imagefolder", "gc10", "kolektor", "masks")
"""No second kind of labels: folders and masks are compared by themselves, and GC10's files are Pascal VOC's too."""
OK = "ok"
WITHOUT_LABEL = ("", OK)


def open_dataset(place: str, layout: str = "", ok_classes: Sequence[str] = (), without_label: str = "") -> Dataset:
    """Open a folder or a `demo:` URI; `layout` overrides what it looks like.

    While a label is not used, pictures without one are sound only where `without_label` is `ok`. Raises UsageError for
    an unknown layout, DatasetError for such a doubt, and for a place that is not there or is none of the layouts.
    """
    if without_label not in WITHOUT_LABEL:
        raise UsageError(
            f"Pictures without a label cannot be {without_label!r}.", "Say --without-label ok, or nothing."
        )
    dataset = look_at_dataset(place, layout, ok_classes)
    if without_label != OK:
        refuse_doubt(place, dataset.unused, dataset.doubtful)
    return replace(dataset, notes=(*dataset.notes, *doubt_notes(dataset.unused, dataset.doubtful)))


def look_at_dataset(place: str, layout: str = "", ok_classes: Sequence[str] = ()) -> Dataset:
    """As `open_dataset`, whatever is in doubt: to be looked at, not to be taught. Raises UsageError, DatasetError."""
    if layout and layout not in FORMATS:
        raise UsageError(f"There is no data set format {layout!r}.", f"Choose one of {', '.join(FORMATS)}.")
    if place.startswith("demo:"):
        return open_demo(place, ok_classes)
    folder = path_of(place)
    if not folder.is_dir():
        raise DatasetError(f"There is no data set folder {place}.", "Check the path, or use demo:?seed=1&count=1000.")
    try:
        fitting = _fitting(folder)
        if name := layout or next(fitting, ""):
            found = _READERS[name][1](folder, ok_classes)
            if name != "imagefolder":
                # There the folders are the labels, as its reader says.
                found = without_contradicted(found, ok_classes)
            others = ((other, _READERS[other][1]) for other in fitting if other not in (name, *_NO_LABELS))
            found = without_disagreement(found, folder, ok_classes, others)
            return with_overlooked(without_lone_masks(without_copies_of_defects(found), folder), folder)
    except OSError as error:
        raise DatasetError(
            f"{error.filename or place} cannot be read ({error.strerror or error}).", "Check its access rights."
        ) from error
    raise DatasetError(
        f"{place} is none of the known layouts: {', '.join(FORMATS)}.", "Put each class into a folder of its own."
    )


def _fitting(folder: Path) -> Iterator[str]:
    """The layouts that the folder looks like, looked for one after the other."""
    return (name for name, (fits, _) in _READERS.items() if fits(folder))
