"""What a folder of pictures holds: those that are read, and everything else with the reason why it is not.

Nothing is passed over in silence: pictures and left out together are the folder. A folder that is not entered (hidden,
linked, or below one that is read alone) counts as one.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.errors import InputError
from engine.names import name_of

PICTURE_SUFFIXES = frozenset(
    (
        *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".tif", ".tiff", ".webp"),
        *(".gif", ".pgm", ".ppm", ".pnm"),
    )
)
UNREAD_SUFFIXES = frozenset(
    (
        *(".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k", ".jpf", ".jpx", ".jls", ".jxr", ".pdf", ".psd"),
        *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw", ".raw", ".svg", ".ico"),
        *(".mpo", ".apng", ".pbm", ".pam", ".pfm", ".exr", ".hdr", ".tga", ".pcx", ".sr", ".ras", ".dib", ".dcm"),
        *(".mp4", ".avi", ".mkv", ".mov", ".m4v", ".mpg", ".mpeg", ".wmv", ".webm", ".mjpg", ".mjpeg"),
    )
)
"""Pictures and videos of kinds that are not read in a folder: somebody may take them for judged."""
UNFINISHED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".filepart")
MASK_SUFFIXES = (".png", ".bmp")

_MASK_END = "_label"
_DIGITS = re.compile(r"(\d+)")
_JUNCTION = 0xA0000003
"""The reparse tag of what Windows calls a junction: a linked folder (winnt.h, IO_REPARSE_TAG_MOUNT_POINT)."""


class Why(StrEnum):
    """Why something in a folder is not judged; its value is the word of JSON and journals."""

    MASK = "mask"
    LINK = "linked folder"
    NO_FILE = "no plain file"
    UNREAD = "kind not read"
    UNFINISHED = "unfinished"
    UNSORTED = "in no sub-folder"
    """Only where a sub-folder says what a picture shows."""
    NOT_ENTERED = "sub-folder not watched"
    """Of a watched folder, whose sub-folders somebody may take for watched."""
    DEEPER = "sub-folder"
    HIDDEN = "hidden"
    NO_PICTURE = "no picture"


LOUD = (Why.MASK, Why.LINK, Why.NO_FILE, Why.UNREAD, Why.UNFINISHED, Why.UNSORTED, Why.NOT_ENTERED)
"""What somebody may take for judged; the others are counted, and alarm nobody."""
_ONE_AND_MORE: Mapping[Why, tuple[str, str]] = {
    Why.MASK: ("mask by its name", "masks by their name"),
    Why.LINK: ("linked folder", "linked folders"),
    Why.NO_FILE: ("pipe, device or broken link", "pipes, devices or broken links"),
    Why.UNREAD: ("file of a kind that is not read", "files of a kind that is not read"),
    Why.UNFINISHED: ("file that is not finished by its name", "files that are not finished by their name"),
    Why.UNSORTED: ("picture in no sub-folder", "pictures in no sub-folder"),
    Why.NOT_ENTERED: ("sub-folder", "sub-folders"),
    Why.DEEPER: ("sub-folder", "sub-folders"),
    Why.HIDDEN: ("hidden file or folder", "hidden files or folders"),
    Why.NO_PICTURE: ("file that is no picture", "files that are no pictures"),
}
_REMEDIES: Mapping[Why, str] = {
    Why.MASK: "Rename a picture whose name ends in _label to have it judged.",
    Why.LINK: "Scan a linked folder by its own path, or copy its pictures in.",
    Why.NO_FILE: "Put the picture itself where a link or a pipe stands.",
    Why.UNREAD: "Save pictures of other kinds as PNG, and scan a video by its own path.",
    Why.UNFINISHED: "Scan again when the files are complete.",
    Why.UNSORTED: "Put each into a sub-folder that is named like its class.",
    Why.NOT_ENTERED: "Watch the sub-folder itself, or have the pictures put into the watched one.",
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One file, or one folder that is not entered, and why it is not judged."""

    path: Path
    why: Why

    @property
    def name(self) -> str:
        """Its path as it is shown and kept."""
        return name_of(self.path)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds, both in natural order."""

    folder: Path
    pictures: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]


def list_folder(folder: Path, *, recursive: bool = True, stopped: Callable[[], bool] = lambda: False) -> Listing:
    """Everything under `folder`, as `folder / relative`. Links to files are read, linked folders are not entered.

    Either may be empty. `stopped` is asked before each folder: whole drives take long. Raises InputError when the
    folder, or one below it, is missing or cannot be read, and when it was stopped.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", "Check the path, and that its drive is connected.")
    pictures: list[Path] = []
    left_out: list[LeftOut] = []
    for entry, why in _entries(folder, recursive, stopped):
        if why is None:
            pictures.append(Path(entry))
        else:
            left_out.append(LeftOut(Path(entry), why))
    parts = len(folder.parts)
    pictures.sort(key=lambda path: _key(path.parts[parts:]))
    left_out.sort(key=lambda left: _key(left.path.parts[parts:]))
    return Listing(folder, tuple(pictures), tuple(left_out))


def list_pictures(folder: Path) -> list[Path]:
    """Every picture under `folder` in natural order, for who needs no account of the rest. Raises InputError."""
    return list(list_folder(folder).pictures)


def why_not(entry: os.DirEntry[str]) -> Why | None:
    """Why what is no folder is not judged; None = it is. Nothing is opened: a pipe would wait for ever."""
    name = entry.name.lower()
    if name.startswith("."):
        return Why.HIDDEN
    if not _is_plain(entry):
        return Why.NO_FILE
    suffix = Path(name).suffix.rstrip()
    if suffix in PICTURE_SUFFIXES:
        return Why.MASK if is_mask_by_name(name) else None
    if name.endswith(UNFINISHED_SUFFIXES):
        return Why.UNFINISHED
    return Why.UNREAD if suffix in UNREAD_SUFFIXES else Why.NO_PICTURE


def is_mask_by_name(name: str) -> bool:
    """`*_label.png` and `*_label.bmp`, as KolektorSDD and many tools after it call their masks."""
    path = Path(name.lower())
    return path.suffix in MASK_SUFFIXES and path.stem.endswith(_MASK_END)


def counts(left_out: Iterable[LeftOut]) -> dict[Why, int]:
    """How many were left out for each reason that there is, the loud ones first."""
    found = Counter(left.why for left in left_out)
    return {why: found[why] for why in Why if found[why]}


def in_words(left_out: Sequence[LeftOut]) -> str:
    """`left out 7: 3 masks by their name, 1 linked folder, 3 files that are no pictures`; empty for none."""
    if not left_out:
        return ""
    parts = [f"{count} {reason_words(why, count, left_out)}" for why, count in counts(left_out).items()]
    return f"left out {len(left_out)}: {', '.join(parts)}"


def reason_words(why: Why, count: int, left_out: Iterable[LeftOut] = ()) -> str:
    """The reason for so many; kinds that are not read by their suffixes."""
    words = _ONE_AND_MORE[why][count != 1]
    kinds = unread_kinds(left_out) if why is Why.UNREAD else ""
    return f"{words} ({kinds})" if kinds else words


def unread_kinds(left_out: Iterable[LeftOut]) -> str:
    """The suffixes that are not read, as in `.heic, .pdf`."""
    return ", ".join(sorted({left.path.suffix.lower() for left in left_out if left.why is Why.UNREAD}))


def remedies(left_out: Iterable[LeftOut]) -> list[str]:
    """What to do about those that somebody may take for judged."""
    found = counts(left_out)
    return [remedy_of(why) for why in LOUD if why in found]


def remedy_of(why: Why) -> str:
    """What to do about such; empty where nothing has to be done."""
    return _REMEDIES.get(why, "")


def natural_key(path: Path) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Sorts `part2` before `part10`: folder by folder, digits as numbers, letters regardless of case."""
    return _key(path.parts)


def _key(parts: Sequence[str]) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    return tuple(_part_key(part) for part in parts)


def _part_key(part: str) -> tuple[tuple[int, int, str], ...]:
    pieces = (piece for piece in _DIGITS.split(part) if piece)
    return tuple((0, int(p), p) if p.isdecimal() else (1, 0, p.casefold()) for p in pieces)


def _entries(
    folder: Path, recursive: bool, stopped: Callable[[], bool]
) -> Iterator[tuple[os.DirEntry[str], Why | None]]:
    """Every file below, and every folder that is not entered."""
    waiting: list[str | Path] = [folder]
    while waiting:
        if stopped():
            raise InputError(f"The folder {folder} is not listed to its end.", "Choose a folder with fewer in it.")
        try:
            with os.scandir(waiting.pop()) as listed:
                entries = list(listed)
        except OSError as error:
            raise _refused(error) from error
        for entry in entries:
            if not _is_folder(entry):
                yield entry, why_not(entry)
            elif (why := _why_not_entered(entry, recursive)) is None:
                waiting.append(entry.path)
            else:
                yield entry, why


def _why_not_entered(folder: os.DirEntry[str], recursive: bool) -> Why | None:
    if folder.name.startswith("."):
        return Why.HIDDEN
    if folder.is_symlink() or getattr(folder.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION:
        return Why.LINK
    return None if recursive else Why.DEEPER


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link in a circle.
        return False


def _is_plain(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _refused(error: OSError) -> InputError:
    return InputError(f"The folder {error.filename} cannot be read ({error.strerror}).", "Check its access rights.")
