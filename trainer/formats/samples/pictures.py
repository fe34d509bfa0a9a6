"""Which picture a label file means, and pictures whose defects are drawn by that file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from engine.domain.inspection import Mask, Pixels
from engine.errors import DatasetError
from engine.images.decoding.headers import header_size
from engine.images.listing import list_pictures
from engine.images.pictures import read_picture
from engine.names import name_of
from engine.packages.package import sha256_of

JPEG_SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
_HEADER_BYTES = 1024**2


def pictures_of(folder: Path) -> list[Path]:
    """The pictures of a data set's folder in natural order, without masks: in a data set a PNG beside a JPEG of its
    stem is one, as is a `*_label` picture. Raises InputError."""
    listed = list_pictures(folder)
    jpegs = {path.with_suffix("") for path in listed if path.suffix.lower() in JPEG_SUFFIXES}
    return [path for path in listed if path.suffix.lower() != ".png" or path.with_suffix("") not in jpegs]


class PictureIndex:
    """The pictures below a folder, found by what label files call them; nothing outside the folder is ever found."""

    def __init__(self, folder: Path, paths: Sequence[Path] | None = None) -> None:
        self._folder = folder
        self.paths = pictures_of(folder) if paths is None else list(paths)
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for path in self.paths:
            self._by_stem[path.stem].append(path)

    def key(self, path: Path) -> str:
        """The picture's path from the folder, with forward slashes."""
        return name_of(path.relative_to(self._folder).as_posix())

    def find(self, name: str, near: Path | None = None) -> Path | None:
        """The picture of that name: best its path's end fits, then it lies near the folder `near`.

        Label files come from other machines: of a path only what fits counts, and a suffix may differ.
        Raises DatasetError when different pictures fit alike.
        """
        wanted = PurePosixPath(name.replace("\\", "/"))
        fitting = self._by_stem.get(wanted.stem, [])
        if len(fitting) < 2:
            return fitting[0] if fitting else None
        # A picture of the very name fits better than one with another suffix: its path's end is alike.
        parts = near.parts if near else ()
        rank = {p: (_alike(p.parts[::-1], wanted.parts[::-1]), _alike(p.parent.parts, parts)) for p in fitting}
        best = [p for p in fitting if rank[p] == max(rank.values())]
        if len(best) > 1 and len({sha256_of(p) for p in best}) > 1:
            raise DatasetError(
                f"{name} may be {self.key(best[0])} or {self.key(best[1])}.", "Give each picture a name of its own."
            )
        return best[0]


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
    try:
        with path.open("rb") as file:
            return header_size(file.read(_HEADER_BYTES))
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror or error}).", "Check its access rights.") from error


def check_size(what: str, size: tuple[int, int], picture: Path) -> None:
    """Raise DatasetError when `what` is made for another height and width than the picture's header tells."""
    own = size_of(picture)
    if own is not None and own != size:
        raise _other_size(what, size, picture, own)


def with_mask(path: Path, mask: Callable[[int, int], Mask]) -> Callable[[], tuple[Pixels, Mask | None]]:
    """How a picture is read whose mask `mask(height, width)` gives; loading raises DatasetError for another size."""

    def load() -> tuple[Pixels, Mask | None]:
        pixels = read_picture(path)
        own = (pixels.shape[0], pixels.shape[1])
        drawn = mask(*own)
        if drawn.shape != own:
            raise _other_size("Its mask", (drawn.shape[0], drawn.shape[1]), path, own)
        return pixels, drawn

    return load


def _other_size(what: str, size: tuple[int, int], picture: Path, own: tuple[int, int]) -> DatasetError:
    return DatasetError(
        f"{what} is made for {size[1]}×{size[0]} pixels, but the picture {picture} has {own[1]}×{own[0]}.",
        "Give both the same size.",
    )
