"""CVAT's segmentation masks: pictures in JPEGImages, masks in SegmentationClass, their colours named in labelmap.txt.

    # label:color_rgb:parts:actions
    background:0,0,0::
    scratch:250,50,83::

ImageSets/Segmentation names the pictures, by parts where its files are called so. One that is named there and has no
mask is taken for sound. SegmentationObject tells defects apart that touch; it is passed over.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from engine.domain.sound_names import is_sound
from engine.errors import DatasetError
from engine.images.listing import Why, list_folder
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import PARTS
from trainer.formats.samples.colours import areas_by_class, read_colours, set_where
from trainer.formats.samples.dataset import Dataset, Part, Sample, make_dataset, unseen_notes
from trainer.formats.samples.label_files import read_text
from trainer.formats.samples.pictures import check_size, check_upright, folded, missing_notes, pictures_of, with_mask
from trainer.formats.samples.shapes import draw
from trainer.formats.samples.unused import Leftovers

OK = "ok"
NAMES, MASKS, PICTURES, SETS = "labelmap.txt", "SegmentationClass", "JPEGImages", "ImageSets/Segmentation"
MAX_NAMES_BYTES = 1024**2
VOID = 0xE0E0C0
"""Pascal VOC's colour of a border that belongs to nothing."""
_LINE = re.compile(r"([^:].*?):\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?::.*)?", re.ASCII)


def looks_like(folder: Path) -> bool:
    """True when there are labelmap.txt and a folder SegmentationClass."""
    return (folder / NAMES).is_file() and (folder / MASKS).is_dir()


def open_colour_masks(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every picture with a mask or in a list; label = the class with most pixels, `also` the others.

    Raises DatasetError.
    """
    names, left = class_colours(folder / NAMES), Leftovers()
    shown, drawn = _by_stem(pictures_of(folder / PICTURES), folder / PICTURES), _drawn(folder / MASKS)
    listed, masked = _listed(folder), len(drawn)
    samples: list[Sample] = []
    lost = 0
    for stem, paths in shown.items():
        masks, part = drawn.pop(stem, []), listed.get(stem)
        if not masks and part is None:
            lost += len(paths)
        elif len(paths) > 1 or len(masks) > 1:
            several = ", ".join(path.name for path in (*paths, *masks))
            left.add(folder / MASKS / stem, f"which mask is which picture's cannot be told of {several}.")
        elif masks:
            sample = left.unless_read(masks[0], partial(_sample, folder, paths[0], masks[0], names, part or ""))
            samples += [sample] if sample is not None else []
        else:
            samples.append(_sound(folder, paths[0], part or ""))
    for mask in (path for paths in drawn.values() for path in paths):
        left.add(mask, "there is no picture of that name.")
    notes = missing_notes(folder, masked, len(drawn), str(folder / PICTURES))
    declared = [name for name in names.values() if not is_sound(name)]
    notes += unseen_notes(declared, (name for s in samples for name in (s.label, *s.also)))
    if lost:
        notes += (f"{lost} pictures have no mask, are in no list and are left out.",)
    name = folder.resolve().name
    return make_dataset(
        name, "colour-masks", samples, ok_classes, folder, missing=len(drawn), notes=notes, unused=left.found
    )


def class_colours(path: Path) -> dict[int, str]:
    """The class of each colour (0xRRGGBB) that labelmap.txt names. Raises DatasetError."""
    found: dict[int, str] = {}
    for number, line in enumerate(read_text(path, MAX_NAMES_BYTES).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        told = _LINE.fullmatch(line.strip())
        if told is None:
            raise DatasetError(f"{path} line {number} is not `name:red,green,blue::`.", "Correct that line.")
        name, red, green, blue = told[1].strip(), int(told[2]), int(told[3]), int(told[4])
        if max(red, green, blue) > 255 or found.setdefault((red << 16) | (green << 8) | blue, name) != name:
            raise DatasetError(f"{path} line {number} has a colour that is none or names another class.", "Correct it.")
    return {VOID: "background"} | found


def _sample(folder: Path, path: Path, mask: Path, names: Mapping[int, str], part: Part) -> Sample:
    colours = read_colours(mask)
    check_upright(f"The mask {mask}", path)
    check_size(f"The mask {mask}", (colours.shape[0], colours.shape[1]), path)
    areas = {name: area for name, area in areas_by_class(colours, names, mask).items() if not is_sound(name)}
    labels = sorted(areas, key=lambda name: (-areas[name], name)) or [OK]
    wanted = [colour for colour, name in names.items() if not is_sound(name)]
    load = with_mask(path, lambda *_: set_where(read_colours(mask), wanted))
    key = path.relative_to(folder).as_posix()
    return Sample(key, labels[0], key, load, True, part, sha256_of(path), path, tuple(labels[1:]))


def _sound(folder: Path, path: Path, part: Part) -> Sample:
    key = path.relative_to(folder).as_posix()
    load = with_mask(path, partial(draw, ()))
    return Sample(key, OK, key, load, True, part, sha256_of(path), path, assumed=True)


def _listed(folder: Path) -> dict[str, Part]:
    """The pictures that lists name, and their parts."""
    found: dict[str, Part] = {}
    for path in sorted((folder / SETS).glob("*.txt")) if (folder / SETS).is_dir() else []:
        for line in read_text(path).splitlines():
            if name := line.strip().strip('"'):
                found[folded(name)] = PARTS.get(path.stem.lower(), found.get(folded(name), ""))
    return found


def _drawn(folder: Path) -> dict[str, list[Path]]:
    """All that lies there: of masks none is another's."""
    listing = list_folder(folder)
    named = [left.path for left in listing.left_out if left.why is Why.MASK]
    return _by_stem([*listing.pictures, *named], folder)


def _by_stem(paths: Sequence[Path], top: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        found[folded(path.relative_to(top).with_suffix("").as_posix())].append(path)
    return found
