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

    Where those mean nothing (lots, lines), it is what the outermost one below them that does is called. `classes` and
    `ok_classes` are those of both models. Raises InputError for a folder that is missing or holds no picture below a
    sub-folder named like a class.
    """
    models, listing = {name.lower() for name in ok_classes}, list_folder(folder)
    parts: list[KnownPart] = []
    unsorted: list[LeftOut] = []
    inside = {path: [name_of(part) for part in path.relative_to(folder).parts[:-1]] for path in listing.pictures}
    telling = {n for names in inside.values() for n in names if said_by(n) or n in classes or n.lower() in models}
    lots = bool(telling) and not any(names and names[0] in telling for names in inside.values())
    for path, names in inside.items():
        label = next((name for name in names if name in telling), "") if lots else "".join(names[:1])
        sound = label.lower() in models or is_sound(label)
        if not label or _contradicted(names, sound):
            unsorted.append(LeftOut(path, Why.UNSORTED))
        else:
            parts.append(KnownPart(name_of(path), label, sound, partial(read_picture, path)))
    # A folder that says sound or defective by its name is understood, whatever the models call their classes.
    known = set(classes) | {p.label for p in parts if p.sound or said_by(p.label) is Said.DEFECT}
    if not any(p.label in known for p in parts):
        raise InputError(
            f"The challenge set {folder} has no sub-folder named like a class of the models.",
            f"Put its pictures into sub-folders such as {', '.join(list(classes)[:4])}.",
        )
    return KnownSet(CHALLENGE, tuple(parts), replace(listing, left_out=(*listing.left_out, *unsorted)))


def _contradicted(folders: Sequence[str], sound: bool) -> bool:
    """Whether a folder says the reverse of what the part would be: `ok/NG` and `scratch/ok` are no known parts."""
    return {Said.SOUND, Said.DEFECT} <= {Said.SOUND if sound else Said.DEFECT, *map(said_by, folders)}
