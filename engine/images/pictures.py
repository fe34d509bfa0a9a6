"""Picture files: their pixels exactly as stored."""

from __future__ import annotations

import logging
from pathlib import Path

from engine.domain.inspection import Pixels
from engine.errors import PictureError
from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.picture import count, decode
from engine.names import name_of

log = logging.getLogger(__name__)

MAX_BYTES = 512 * 1024 * 1024

_SEVERAL = "Save each as a file of its own, or say in the recipe which of them count."
_REPLACE = "Replace it with a complete copy, or take it out of the folder."


def read_picture(path: Path, page: int | None = None, *, mask: bool = False) -> Pixels:
    """The pixels as stored: H×W grey or H×W×3 BGR, uint8 or uint16; alpha dropped, EXIF orientation ignored.

    A 16-bit file does not say how many bits its camera used: the recipe's `bits` does (engine.preprocessing.look).
    `page`: which picture of a file that holds several, from 0; None refuses such a file. `mask`: rows of zeros are
    sound metal, not rows that were never written. Raises PictureError, naming the file, when it is missing, truncated,
    damaged in a way that its decoder notices, of another kind, larger than 512 MB or than 400 megapixels.
    """
    try:
        data = _read_bytes(path)
        several = count(data) if page is None else 1
        if several > 1:
            raise PictureError(f"The picture {path} holds {several} pictures.", _SEVERAL)
        return decode(data, page or 0, black_may_be_empty=mask)
    except Undecodable as fault:
        log.info("%s is not read: %s", path, fault)
        raise _refused(path, fault) from fault
    except PictureError as error:
        error.name = name_of(path)
        raise


def count_pages(path: Path) -> int:
    """How many pictures a file holds. Raises PictureError."""
    try:
        return count(_read_bytes(path))
    except Undecodable as fault:
        raise _refused(path, fault) from fault


def _read_bytes(path: Path) -> bytes:
    """The file's bytes: those it had when it was opened, and of a plain file only (a pipe would never end)."""
    try:
        if not path.is_file() and path.exists():
            raise PictureError(f"The picture {path} is no file.", "Put the picture itself there.", str(path))
        length = path.stat().st_size
        if length > MAX_BYTES:
            raise PictureError(f"The picture {path} is larger than 512 MB.", "Save it compressed, or cut into tiles.")
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PictureError(f"The picture {path} cannot be read ({reason}).", "Check that it is still there.") from error
    if not data:
        raise PictureError(f"The picture {path} is empty.", _REPLACE)
    return data


def _refused(path: Path, error: Undecodable) -> PictureError:
    """The decoder's word as a sentence."""
    detail, name = error.detail, str(path)
    match error.fault:
        case Fault.LARGE:
            message = f"The picture {path} has {detail} pixels, more than 400 megapixels."
            return PictureError(message, "Cut it into tiles.", name)
        case Fault.UNWRITTEN:
            message = f"The picture {path} was not written to its end: {detail} rows are empty."
            return PictureError(message, "Copy it again; save one that is so black as PNG.", name)
        case Fault.VALUES:
            return PictureError(
                f"The picture {path} holds {detail} values.", "Save it with 8 or 16 bits a channel.", name
            )
        case Fault.CHANNELS:
            return PictureError(f"The picture {path} has {detail} channels.", "Save it as grey or colour.", name)
        case Fault.KIND:
            message = f"The picture {path} is of a kind that is not read ({detail})."
            return PictureError(message, "Save it as PNG.", name)
        case Fault.FOREIGN:
            return PictureError(f"The picture {path} cannot be decoded.", _REPLACE, name)
        case Fault.DAMAGED:
            return PictureError(f"The picture {path} is truncated or damaged.", _REPLACE, name)
