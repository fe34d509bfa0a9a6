"""Magnetic tiles (Huang et al. 2018): MT_<class>/Imgs/ with each picture as JPEG and its mask as PNG of the same name.

Groups: a tile was taken under up to six exposures in turn, `expE_num_N`, N counting frames. Measured on the pictures:
what lies within 150 frames is one tile (or its neighbour; they then stay together too), so is a defect of the same
class up to 400 frames later under a later exposure, and one crack came back re-encoded up to 3,000 frames later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.domain.sound_names import is_sound
from engine.packages.package import sha256_of
from trainer.formats.labels.imagefolder import reading
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset, unseen_notes
from trainer.formats.samples.groups import joined
from trainer.formats.samples.label_files import files_below
from trainer.formats.samples.mask_files import read_mask
from trainer.formats.samples.pictures import (
    SHARED,
    alike,
    check_size,
    check_upright,
    folded,
    pictures_of,
    size_of,
    with_mask,
)
from trainer.formats.samples.unused import Leftovers

PREFIX = "MT_"
NEAR_FRAMES = 150
LATER_FRAMES = 400
AGAIN_FRAMES = 3000
_NAME = re.compile(r"exp(\d+)_num_(\d+)$")


@dataclass(frozen=True, slots=True)
class _Shot:
    frame: int
    exposure: int
    kind: str
    size: tuple[int, int] | None
    key: str


def looks_like(folder: Path) -> bool:
    """True when there is a folder MT_<class>/Imgs."""
    return any((p / "Imgs").is_dir() for p in folder.glob(f"{PREFIX}*"))


def open_magnetic(folder: Path, ok_classes: Sequence[str] = ()) -> Dataset:
    """Every JPEG of every class; a defect whose mask is missing, empty or not to be used has none drawn.

    Raises DatasetError.
    """
    kinds = {p: p.name.removeprefix(PREFIX) for p in sorted(folder.glob(f"{PREFIX}*")) if p.is_dir()}
    left = Leftovers()
    pictures = _without_lonely_masks([(path, kinds[place]) for place in kinds for path in pictures_of(place)], left)
    groups = _tiles(folder, pictures)
    masks = {_place(path): path for place in kinds for path in files_below(place, ".png")}
    for path in sorted(alike([path for path, _ in pictures])):
        # A mask of which of the two it is nobody knows is used for neither.
        if mask := masks.pop(_place(path), None):
            left.add(mask, SHARED)
    read = [_sample(folder, path, kind, masks.get(_place(path)), groups, left) for path, kind in pictures]
    samples = [sample for sample in read if sample is not None]
    notes = unseen_notes(kinds.values(), (s.label for s in samples))
    name = folder.resolve().name
    return make_dataset(name, "magnetic-tile", samples, ok_classes, folder, notes=notes, unused=left.found)


def _without_lonely_masks(found: list[tuple[Path, str]], left: Leftovers) -> list[tuple[Path, str]]:
    """Beside JPEGs a PNG is a mask, and one without its JPEG no picture; a set of PNGs alone has no masks."""
    pictures = [(path, kind) for path, kind in found if path.suffix.lower() != ".png"]
    places = {_place(path) for path, _ in pictures}
    for path, _ in found if pictures else ():
        if path.suffix.lower() == ".png" and _place(path) not in places:
            left.add(path, "there is no picture of that name beside it.")
    return pictures or found


def _place(path: Path) -> tuple[Path, str]:
    """Where a picture lies and its name, whatever the case of it and of its suffix."""
    return path.parent, folded(path.stem)


def _sample(
    folder: Path, path: Path, kind: str, mask_file: Path | None, groups: dict[str, str], left: Leftovers
) -> Sample | None:
    """None for a sound tile on which a defect is drawn: one of both is wrong."""
    key = path.relative_to(folder).as_posix()
    load, drawn = reading(path), False
    if mask_file is not None and mask_file != path:
        shows = left.unless_read(mask_file, partial(_shows, mask_file, path))
        if shows and is_sound(kind):
            left.add(mask_file, f"it draws a defect on {path.name}, which is {kind}.")
            return None
        drawn = shows or (shows is False and is_sound(kind))
        load = with_mask(path, lambda *_: read_mask(mask_file)) if drawn else load
    return Sample(key, kind, groups.get(key, key), load, drawn, digest=sha256_of(path), path=path)


def _shows(mask_file: Path, picture: Path) -> bool:
    """Whether anything is set. Raises DatasetError or PictureError for a mask that is not the picture's."""
    mask = read_mask(mask_file)
    check_upright(f"The mask {mask_file}", picture)
    check_size(f"The mask {mask_file}", (mask.shape[0], mask.shape[1]), picture)
    return bool(mask.any())


def _tiles(folder: Path, pictures: Sequence[tuple[Path, str]]) -> dict[str, str]:
    """Group of each picture whose name tells its exposure and frame: the key of one of the tile's pictures."""
    shots = []
    for path, kind in pictures:
        if told := _NAME.match(path.stem):
            key = path.relative_to(folder).as_posix()
            shots.append(_Shot(int(told[2]), int(told[1]), kind, size_of(path), key))
    shots.sort(key=lambda s: (s.frame, s.exposure, s.key))
    return joined([s.key for s in shots], _pairs(shots))


def _pairs(shots: Sequence[_Shot]) -> Iterator[tuple[str, str]]:
    for number, later in enumerate(shots):
        for earlier in reversed(shots[:number]):
            if later.frame - earlier.frame > AGAIN_FRAMES:
                break
            if _same_tile(earlier, later):
                yield earlier.key, later.key


def _same_tile(earlier: _Shot, later: _Shot) -> bool:
    apart = later.frame - earlier.frame
    if apart <= NEAR_FRAMES:
        return True
    if earlier.kind != later.kind:
        return False
    rising = earlier.exposure < later.exposure and apart <= LATER_FRAMES
    return rising or (earlier.exposure == later.exposure and earlier.size == later.size is not None)
