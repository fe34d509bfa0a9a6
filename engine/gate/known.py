"""Known parts: what a model is tried on before it may judge, from a folder of them or from what people said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from engine.domain.inspection import Pixels
from engine.domain.sound_names import Said, is_sound, said_by
from engine.errors import InputError
from engine.images.listing import LeftOut, Listing, Why, list_folder
from engine.images.pictures import read_picture
from engine.judging.judge import Shown
from engine.names import name_of

CHALLENGE = "challenge"
OVERRIDES = "overrides"


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A part of which it is known what it is. `load` gives its picture, or raises LinesideError where it is lost."""

    id: str
    """The inspection's id, or the picture's path."""
    label: str
    """Its class; empty = a defect of a kind nobody told."""
    sound: bool
    load: Callable[[], Pixels] = field(compare=False, repr=False)
    bits: int = 0
    """Depth and mosaic as the camera stated them; 0 and empty = not stated."""
    bayer: str = ""
    taught: bool = False
    """The new model was taught with it: a gain there proves little."""

    def open(self) -> Shown:
        """Its picture, as the camera stated it. Raises LinesideError."""
        return Shown(self.load(), self.bits, self.bayer)


@dataclass(frozen=True, slots=True)
class KnownSet:
    """Known parts under a name: CHALLENGE or OVERRIDES."""

    name: str
    parts: tuple[KnownPart, ...]
    listing: Listing | None = field(default=None, compare=False, repr=False)
    """What the folder of a challenge set holds, and what of it is no part."""


def folder_set(folder: Path, classes: Sequence[str], ok_classes: Sequence[str]) -> KnownSet:
    """The challenge set of a folder: each picture is what its first sub-folder is called, as in a scan.

    `classes` and `ok_classes` are those of both models. Raises InputError for a folder that is missing or holds no
    picture below a sub-folder named like a class.
    """
    models = {name.lower() for name in ok_classes}
    listing = list_folder(folder)
    parts: list[KnownPart] = []
    unsorted: list[LeftOut] = []
    for path in listing.pictures:
        inside = [name_of(part) for part in path.relative_to(folder).parts]
        if len(inside) == 1 or _contradicted(inside[:-1]):
            unsorted.append(LeftOut(path, Why.UNSORTED))
        else:
            sound = inside[0].lower() in models or is_sound(inside[0])
            parts.append(KnownPart(name_of(path), inside[0], sound, partial(read_picture, path)))
    # A folder that says sound or defective by its name is understood, whatever the models call their classes.
    known = set(classes) | {p.label for p in parts if p.sound or said_by(p.label) is Said.DEFECT}
    if not any(p.label in known for p in parts):
        raise InputError(
            f"The challenge set {folder} has no sub-folder named like a class of the models.",
            f"Put its pictures into sub-folders such as {', '.join(list(classes)[:4])}.",
        )
    return KnownSet(CHALLENGE, tuple(parts), replace(listing, left_out=(*listing.left_out, *unsorted)))


def _contradicted(folders: Sequence[str]) -> bool:
    """Whether a folder inside says sound where the first says defective, or the other way: `ok/NG` is no known part."""
    said = {said_by(name) for name in folders} - {Said.NOTHING}
    return len(said) > 1
