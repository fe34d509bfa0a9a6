"""The keys of a recipe file that say what of a frame is looked at: roi, polygon, tiles, reference, bits, bayer."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from engine.domain.inspection import Box
from engine.domain.recipe import Reference, Tiles, View
from engine.errors import InputError, PictureError
from engine.images.decoding.headers import header_size
from engine.images.depth import develop, to_channels
from engine.images.pictures import read_picture
from engine.preprocessing.golden import golden_digest
from engine.preprocessing.registration import is_findable

MAX_PICTURE_BYTES = 64 * 1024**2
MAX_PICTURE_PX = 50_000_000
MAX_COORDINATE = 65_535
MIN_ROI = 8
MIN_PART = 16
FLAT = 3.0
"""Standard deviation of grey under which a part cannot be found again."""


class TilesFile(BaseModel):
    """[tiles]: sizes in frame pixels, the overlap as a share of a tile."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    height: int = Field(ge=16, le=MAX_COORDINATE)
    width: int = Field(ge=16, le=MAX_COORDINATE)
    overlap: float = Field(0.2, ge=0.0, le=0.8)


class ReferenceFile(BaseModel):
    """[reference]: the golden picture and where the part lies in it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    picture: str = Field(min_length=1, max_length=255)
    part: tuple[int, int, int, int]
    max_shift_px: int = Field(100, ge=0, le=4096)
    max_angle: float = Field(10.0, ge=0.0, le=45.0)
    min_score: float = Field(0.6, gt=0.0, le=1.0)


class ViewKeys(BaseModel):
    """The view keys at a recipe file's top level."""

    roi: tuple[int, int, int, int] | None = None
    polygon: list[tuple[int, int]] | None = Field(None, min_length=3, max_length=1000)
    tiles: TilesFile | None = None
    reference: ReferenceFile | None = None
    bits: int = Field(0, ge=0, le=16)
    bayer: Literal["", "RGGB", "BGGR", "GRBG", "GBRG"] = ""


def view_of(read: ViewKeys, path: Path) -> View:
    """The view of a recipe file at `path`; its golden picture is read too. Raises InputError naming the key."""
    if 0 < read.bits < 8:
        raise _refusal(path, "bits", "is less than 8", "Give the bits a pixel uses, 8 to 16, or 0")
    if read.roi is not None and not _fits(read.roi, MIN_ROI):
        raise _refusal(path, "roi", "is too small or outside", "Give x, y, width, height in pixels")
    polygon = tuple(read.polygon or ())
    if polygon and not all(0 <= x <= MAX_COORDINATE and 0 <= y <= MAX_COORDINATE for x, y in polygon):
        raise _refusal(path, "polygon", "lies outside every frame", "Give x and y in pixels, from 0")
    if polygon and cv2.contourArea(np.array(polygon, np.int32)) < MIN_ROI**2:
        raise _refusal(path, "polygon", "holds hardly a pixel", "Give the outline of what is inspected, point by point")
    reference = None if read.reference is None else _reference(read.reference, read, path)
    tiles = None if read.tiles is None else Tiles(read.tiles.height, read.tiles.width, read.tiles.overlap)
    view = View(read.roi, polygon, tiles, reference, read.bits, read.bayer)
    if reference is not None:
        _check_on_picture(view, reference, path)
    return view


def view_document(view: View) -> dict[str, object]:
    """The view keys that `view_of` reads back as this view, for a file in the folder of the golden picture.

    Raises InputError for a reference whose picture is no file.
    """
    found: dict[str, object] = {}
    if view.roi is not None:
        found["roi"] = list(view.roi)
    if view.polygon:
        found["polygon"] = [list(point) for point in view.polygon]
    if view.bits:
        found["bits"] = view.bits
    if view.bayer:
        found["bayer"] = view.bayer
    if view.tiles is not None:
        found["tiles"] = {"height": view.tiles.height, "width": view.tiles.width, "overlap": view.tiles.overlap}
    if view.reference is not None:
        found["reference"] = _reference_document(view.reference)
    return found


def _reference_document(reference: Reference) -> dict[str, object]:
    if not reference.picture:
        raise InputError("The recipe's golden picture is not kept in a file.", "Save the picture beside the recipe.")
    return {
        "picture": reference.picture,
        "part": list(reference.part),
        "max_shift_px": reference.max_shift_px,
        "max_angle": reference.max_angle,
        "min_score": reference.min_score,
    }


def _reference(read: ReferenceFile, keys: ViewKeys, path: Path) -> Reference:
    pixels = golden_picture(read.picture, path, "reference.picture", keys.bits, keys.bayer)
    x, y, width, height = read.part
    rows, columns = pixels.shape
    if not _fits(read.part, MIN_PART) or x + width > columns or y + height > rows:
        raise _refusal(path, "reference.part", "is too small or outside its picture", "Give x, y, width, height")
    if float(pixels[y : y + height, x : x + width].std()) < FLAT:
        raise _refusal(path, "reference.part", "shows nothing to find it by", "Choose a part with contrast")
    found = Reference(
        golden_digest(pixels), pixels, read.part, read.max_shift_px, read.max_angle, read.min_score, read.picture
    )
    if not is_findable(found):
        raise _refusal(path, "reference.part", "is too small or thin to be searched so far", "Lower max_shift_px")
    return found


def golden_picture(name: str, path: Path, key: str, bits: int, bayer: str) -> NDArray[np.uint8]:
    """The picture `name` beside the recipe at `path`, H×W grey as the model sees it. Raises InputError naming `key`.

    At most 50 megapixels and 64 MB, in the recipe's folder or below it.
    """
    return _golden(_picture_path(name, path, key), path, key, bits, bayer)


def _picture_path(name: str, path: Path, key: str) -> Path:
    """The golden picture's file, which must lie in the recipe's folder or below it, links followed."""
    pure = PurePosixPath(name)
    outside = pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name or "\0" in name
    folder = path.parent.resolve()
    found = (folder / name).resolve() if not outside else folder
    if outside or not found.is_relative_to(folder):
        raise _refusal(path, key, "leads out of the recipe's folder", "Copy the picture beside it")
    return found


def _golden(picture: Path, path: Path, key: str, bits: int, bayer: str) -> NDArray[np.uint8]:
    if picture.exists() and not picture.is_file():
        raise _refusal(path, key, "is no picture file", "Choose a picture")
    try:
        small = picture.stat().st_size <= MAX_PICTURE_BYTES
        size = header_size(picture.read_bytes()) if small else None
        if not small or (size is not None and size[0] * size[1] > MAX_PICTURE_PX):
            raise _refusal(path, key, "is larger than 50 megapixels or 64 MB", "Choose a smaller one")
        pixels = read_picture(picture)
        plain = develop(pixels, bits, bayer)
    except OSError as error:
        raise _refusal(path, key, f"cannot be read ({error.strerror})", "Check the name") from error
    except PictureError as error:
        raise _refusal(path, key, "is not a readable picture", "Save it again") from error
    except ValueError as error:
        raise _refusal(path, "bayer", f"does not fit the golden picture: {error}", "Leave it out") from error
    if plain.shape[0] * plain.shape[1] > MAX_PICTURE_PX:
        raise _refusal(path, key, "is larger than 50 megapixels", "Choose a smaller one")
    return cast(NDArray[np.uint8], np.ascontiguousarray(to_channels(plain, 1)))


def _check_on_picture(view: View, reference: Reference, path: Path) -> None:
    rows, columns = reference.pixels.shape
    if view.roi is not None and (view.roi[0] + view.roi[2] > columns or view.roi[1] + view.roi[3] > rows):
        raise _refusal(path, "roi", "lies outside the golden picture", "Give x, y, width, height in its pixels")
    if any(x > columns or y > rows for x, y in view.polygon):
        raise _refusal(path, "polygon", "lies outside the golden picture", "Give x and y in its pixels")


def _fits(box: Box, smallest: int) -> bool:
    return min(box[:2]) >= 0 and min(box[2:]) >= smallest and max(box) <= MAX_COORDINATE


def _refusal(path: Path, key: str, why: str, remedy: str) -> InputError:
    return InputError(f"The recipe {path} is not valid at {key}: it {why}.", f"{remedy}.")
