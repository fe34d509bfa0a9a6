"""Which picture a label file means, and pictures whose defects are drawn by that file."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from engine.domain.inspection import Mask, Pixels
from engine.domain.sound_names import Said, said_by
from engine.errors import DatasetError, PictureError
from engine.images.decoding.headers import header_size
from engine.images.decoding.orientation import UPRIGHT, as_stored, orientation, turned_size
from engine.images.listing import PICTURE_SUFFIXES, list_pictures
from engine.images.pictures import read_picture
from engine.names import name_of
from engine.packages.package import sha256_of
from trainer.formats.samples.unused import Leftovers

JPEG_SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
_HEADER_BYTES = 1024**2
_SIDE_LOOKED_AT = 256
_MANY = 64
"""Colours that a mask of classes may show."""
_FEW, _MOST = 8, 0.9
"""A mask of soft edges shows more, and hardly anything but so many of them."""


def pictures_of(folder: Path) -> list[Path]:
    """The pictures of a data set's folder in natural order, without masks: in a data set a PNG of few colours beside a
    JPEG of its stem is one, as is a `*_label` picture. Raises InputError."""
    return _told_apart(folder)[0]


def _told_apart(folder: Path) -> tuple[list[Path], dict[Path, Path]]:
    """The pictures, and each PNG that is taken for a mask with the JPEG beside it."""
    listed = list_pictures(folder)
    jpegs = {path.with_suffix(""): path for path in listed if path.suffix.lower() in JPEG_SUFFIXES}
    beside = {path: jpegs.get(path.with_suffix("")) for path in listed if path.suffix.lower() == ".png"}
    masks = {path: jpeg for path, jpeg in beside.items() if jpeg and _may_be_mask(path)}
    return [path for path in listed if path not in masks], masks


def _may_be_mask(path: Path) -> bool:
    """Whether a file shows few colours, as masks do and photographs do not; one that cannot be read may be one."""
    try:
        pixels = read_picture(path, mask=True)
    except PictureError:
        return True
    step = max(1, max(pixels.shape[:2]) // _SIDE_LOOKED_AT)
    looked = pixels[::step, ::step].astype(np.int64)
    colours = looked if looked.ndim == 2 else looked @ (1 << 16 * np.arange(looked.shape[2]))
    _, counts = np.unique(colours, return_counts=True)
    largest = np.sort(counts)[-_FEW:].sum()
    return bool(counts.size <= _MANY or largest >= _MOST * counts.sum())


def alike(paths: Sequence[Path]) -> set[Path]:
    """Those that lie in one folder under one name with different suffixes: a label file of that name is of either."""
    found: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for path in paths:
        found[path.parent, folded(path.stem)].append(path)
    return {path for same in found.values() if len(same) > 1 for path in same}


SHARED = "more than one picture has that name; which of them it is of cannot be known."


class PictureIndex:
    """The pictures below a folder, found by what label files call them; nothing outside the folder is ever found."""

    def __init__(self, folder: Path, paths: Sequence[Path] | None = None) -> None:
        self._folder = folder
        self.paths, self._masks = _told_apart(folder) if paths is None else (list(paths), {})
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for path in (*self.paths, *self._masks):
            self._by_name[folded(path.name)].append(path)
        for path in self.paths:
            self._by_stem[folded(path.stem)].append(path)

    def key(self, path: Path) -> str:
        """The picture's path from the folder, with forward slashes."""
        return name_of(path.relative_to(self._folder).as_posix())

    def find(self, name: str, near: Path | None = None) -> Path | None:
        """The picture of that name: best its path's end fits, then it lies near the folder `near`, then as that does
        (`labels/lot1` and `images/lot1`).

        Label files come from other machines: of a path only what fits counts, letters may be large or small, and a
        picture's suffix may be another one or missing. Raises DatasetError when different pictures fit alike.
        """
        meant = self.meant(name, near)
        if len(meant) > 1:
            raise DatasetError(self.either(name, meant), "Give each picture a name of its own.")
        return meant[0] if meant else None

    def either(self, name: str, meant: Sequence[Path]) -> str:
        """The sentence that a name may be one of several."""
        return f"{name} may be {self.key(meant[0])} or {self.key(meant[1])}."

    def meant(self, name: str, near: Path | None = None) -> list[Path]:
        """As `find`, and all of them when different pictures fit alike, or it is a PNG that is taken for a mask."""
        wanted = PurePosixPath(name.replace("\\", "/"))
        # Without a picture's suffix a dot belongs to the name: plate.1 is never plate.jpg.
        stem = wanted.stem if wanted.suffix.lower() in PICTURE_SUFFIXES else wanted.name
        named = self._by_name.get(folded(wanted.name)) or self._by_stem.get(folded(stem), [])
        fitting = [path for path in named if not _reversed(wanted, path)]
        parts = near.parts if near else ()
        ends = [tuple(map(folded, wanted.parts[::-1])), wanted.parts[::-1]]
        rank = {
            p: (_alike(tuple(map(folded, p.parts[::-1])), ends[0]), _alike(p.parts[::-1], ends[1]),
                _alike(p.parent.parts, parts), _alike(p.parent.parts[::-1], parts[::-1]))
            for p in fitting
        }  # fmt: skip
        best = [p for p in fitting if rank[p] == max(rank.values())]
        best = best[:1] if len(best) > 1 and len({sha256_of(p) for p in best}) == 1 else best
        # Whoever named the PNG itself may have labelled it, or the JPEG before it was saved anew.
        return [*best, *(self._masks[p] for p in best if p in self._masks)]


def find_named(
    index: PictureIndex, names: Sequence[str], near: Path | None, where: str, left: Leftovers
) -> Path | None:
    """The picture of the first name that one bears; where different ones fit alike, what stands at `where` is left."""
    return left.unless_read(where, lambda: next((found for n in names if (found := index.find(n, near))), None))


def folded(name: str) -> str:
    """The same for names that differ in case, or in how an accent is written."""
    return unicodedata.normalize("NFC", name).casefold()


def _reversed(wanted: PurePosixPath, path: Path) -> bool:
    """Whether the folder of the one says sound and that of the other defective: ok/1.jpg is never ng/1.jpg."""
    return {said_by(wanted.parent.name), said_by(path.parent.name)} == {Said.SOUND, Said.DEFECT}


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def missing_notes(folder: Path, named: int, missing: int, looked: str) -> tuple[str, ...]:
    """What to say of pictures that are named but not there. Raises DatasetError when none is there."""
    if named and missing == named:
        raise DatasetError(
            f"{folder} names {named} pictures and all {missing} are missing; they are looked for in {looked}.",
            "Copy the pictures there.",
        )
    return (f"{missing} of {named} named pictures are missing and left out.",) if missing else ()


def size_of(path: Path) -> tuple[int, int] | None:
    """Height and width of a picture file by its header, nothing decoded; None when the header tells none."""
    return header_size(_header(path))


def drawn_size(path: Path) -> tuple[int, int] | None:
    """Height and width as a label tool shows the picture: as it is to be held."""
    header = _header(path)
    size = header_size(header)
    return None if size is None else turned_size(*size, orientation(header))


def check_size(what: str, size: tuple[int, int], picture: Path) -> None:
    """Raise DatasetError when `what` is made for another height and width than the picture has, held as it says."""
    own = drawn_size(picture)
    if own is not None and own != size:
        raise _other_size(what, size, picture, own)


def check_upright(what: str, picture: Path) -> None:
    """Raise DatasetError for a mask file of a picture that is to be turned: nobody knows if the mask was, too."""
    if orientation(_header(picture)) != UPRIGHT:
        raise DatasetError(
            f"{what} belongs to {picture}, which its viewers turn (EXIF orientation); whether the mask was turned too "
            "cannot be known.",
            "Save the picture without the orientation mark, as the mask lies.",
        )


def with_mask(
    path: Path, mask: Callable[[int, int], Mask], *, shown: bool = True
) -> Callable[[], tuple[Pixels, Mask | None]]:
    """How a picture is read whose mask `mask(height, width)` gives for the picture as a label tool shows it.

    Its pixels come as they are stored, and the mask turned likewise; one that is not made for what is `shown` lies on
    the stored pixels already. Loading raises DatasetError for another size.
    """

    def load() -> tuple[Pixels, Mask | None]:
        pixels, held = read_picture(path), orientation(_header(path)) if shown else UPRIGHT
        size = turned_size(pixels.shape[0], pixels.shape[1], held)
        drawn = mask(*size)
        if drawn.shape != size:
            raise _other_size("Its mask", (drawn.shape[0], drawn.shape[1]), path, size)
        return pixels, np.asarray(as_stored(drawn, held), np.uint8)

    return load


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror or error}).", "Check its access rights.") from error


def _other_size(what: str, size: tuple[int, int], picture: Path, own: tuple[int, int]) -> DatasetError:
    return DatasetError(
        f"{what} is made for {size[1]}×{size[0]} pixels, but the picture {picture} has {own[1]}×{own[0]}.",
        "Give both the same size.",
    )
