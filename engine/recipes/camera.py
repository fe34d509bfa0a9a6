"""[camera] and [imaging] of a recipe file: how the camera is set, and what its pictures must look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeGuard

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.domain.inspection import Value
from engine.domain.recipe import CameraSetup, Imaging
from engine.errors import InputError
from engine.preprocessing.golden import golden_digest
from engine.recipes.view import ViewKeys, golden_picture
from engine.sources.base import SETTINGS

TAKT = "takt_s"
MAX_TAKT_S = 3600.0
MAX_NUMBER = 1e9
MAX_TEXT = 100
MIN_GOLDEN = 16
NUMBERS = frozenset(("frame_rate", "exposure_us", "gain_db", "gain_raw", "focus", "trigger_delay_us", "debounce_us"))
WHOLE_NUMBERS = frozenset(("width", "height", "offset_x", "offset_y", "packet_size", "packet_delay", "burst"))
SWITCHES = frozenset(("auto_exposure", "auto_gain", "auto_focus"))
CHOICES = {"trigger_edge": ("rising", "falling"), "trigger": ("off", "software", "hardware")}
TEXTS = frozenset(("pixel_format", "trigger_line"))
AT_LEAST = {"gain_db": -1000.0, "width": 1, "height": 1, "burst": 1}
"""Smallest values that are not 0. The device's own ranges are checked when it is open."""

_LIMITS = ("brightness", "saturation", "focus", "shift_px")

Share = Annotated[float, Field(strict=True, gt=0.0, le=1.0)]
Over = Annotated[float, Field(strict=True, gt=0.0, le=65_535.0)]


class ImagingFile(BaseModel):
    """[imaging]: the golden picture, and how far the station's may drift from it: [warns, sends parts to REVIEW]."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    picture: str = Field(min_length=1, max_length=255)
    bits: int = Field(0, ge=0, le=16)
    bayer: Literal["", "RGGB", "BGGR", "GRBG", "GBRG"] = ""
    brightness: tuple[Over, Over] = (0.10, 0.20)
    saturation: tuple[Share, Share] = (0.01, 0.05)
    focus: tuple[Share, Share] = (0.25, 0.50)
    shift_px: tuple[Over, Over] = (5.0, 20.0)
    frames: int = Field(15, ge=1, le=1000, strict=True)


def camera_of(read: Mapping[str, Any], path: Path) -> CameraSetup:
    """The camera of a recipe file, its settings in the order they are applied. Raises InputError naming the key."""
    shown = f"The recipe {path}"
    for name in read:
        if name != TAKT and name not in SETTINGS:
            known = ", ".join((*SETTINGS, TAKT))
            raise InputError(f"{shown} is not valid at camera.{name}: no camera has this setting.", f"Use {known}.")
    settings = tuple((name, _value(name, read[name], shown)) for name in SETTINGS if name in read)
    takt = read.get(TAKT, 0.0)
    if not _is_number(takt) or not 0.0 <= takt <= MAX_TAKT_S:
        raise _wrong(shown, TAKT, f"seconds, 0 to {MAX_TAKT_S:g}; 0: not watched")
    return CameraSetup(settings, float(takt))


def checked_camera(camera: CameraSetup) -> CameraSetup:
    """The same as a recipe file would give it. Raises InputError naming what does not belong into one."""
    names = [name for name, _ in camera.settings]
    if len(set(names)) < len(names):
        raise InputError("The camera's settings name one of them twice.", "Keep one of them.")
    return camera_of({**dict(camera.settings), TAKT: camera.takt_s}, Path("in hand"))


def camera_document(camera: CameraSetup) -> dict[str, object] | None:
    """[camera] as `camera_of` reads it; None: there is nothing to write."""
    takt = {TAKT: camera.takt_s} if camera.takt_s else {}
    return {**dict(camera.settings), **takt} or None


def imaging_with(read: ImagingFile | None, keys: ViewKeys, path: Path) -> Imaging | None:
    """What the pictures must look like; the golden picture is read too. Raises InputError naming the key.

    The recipe's own `bits` and `bayer` go before those of the table, as they go before what a camera states.
    """
    if read is None:
        return None
    _check_limits(read, f"The recipe {path}")
    bits, bayer = keys.bits or read.bits, keys.bayer or read.bayer
    golden = golden_picture(read.picture, path, "imaging.picture", bits, bayer)
    if min(golden.shape) < MIN_GOLDEN:
        raise InputError(
            f"The recipe {path} is not valid at imaging.picture: it is smaller than {MIN_GOLDEN} pixels.",
            "Take a picture with the station's camera.",
        )
    return _with_limits(Imaging(golden_digest(golden), golden, read.picture), read)


def checked_imaging(imaging: Imaging) -> Imaging:
    """The same as a recipe file would give it. Raises InputError naming what does not belong into one."""
    values = {name: getattr(imaging, name) for name in ("bits", "bayer", "frames", *_LIMITS)}
    try:
        read = ImagingFile(picture=imaging.picture or "golden.png", **values)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise InputError(f"The self-test is not valid at {key}: {error.errors()[0]['msg']}.", "Correct it.") from error
    _check_limits(read, "The self-test")
    return _with_limits(imaging, read)


def imaging_document(imaging: Imaging) -> dict[str, object]:
    """[imaging] as `imaging_with` reads it. Raises InputError where the golden picture is no file."""
    if not imaging.picture:
        raise InputError("The recipe's golden picture is not kept in a file.", "Save the picture beside the recipe.")
    stated = {name: value for name, value in (("bits", imaging.bits), ("bayer", imaging.bayer)) if value}
    return {
        "picture": imaging.picture,
        **stated,
        "brightness": list(imaging.brightness),
        "saturation": list(imaging.saturation),
        "focus": list(imaging.focus),
        "shift_px": list(imaging.shift_px),
        "frames": imaging.frames,
    }


def _check_limits(read: ImagingFile, shown: str) -> None:
    if 0 < read.bits < 8:
        raise InputError(f"{shown} is not valid at imaging.bits: it is less than 8.", "Give 8 to 16, or 0.")
    for name in _LIMITS:
        warns, review = getattr(read, name)
        if warns > review:
            raise InputError(
                f"{shown} is not valid at imaging.{name}: its first limit is over its second.",
                "Give [from where on it warns, from where on parts go to REVIEW].",
            )


def _with_limits(imaging: Imaging, read: ImagingFile) -> Imaging:
    limits = {name: getattr(read, name) for name in _LIMITS}
    return replace(imaging, **limits, frames=read.frames, bits=read.bits, bayer=read.bayer)


def _value(name: str, value: object, shown: str) -> Value:
    """The setting as the file's type for it; a number without a fraction may stand for either kind."""
    if name in SWITCHES:
        if isinstance(value, bool):
            return value
        raise _wrong(shown, name, "true or false")
    if name in CHOICES or name in TEXTS:
        choices = CHOICES.get(name, ())
        if (
            isinstance(value, str)
            and 0 < len(value) <= MAX_TEXT
            and value.isprintable()
            and (not choices or value in choices)
        ):
            return value
        raise _wrong(shown, name, ", ".join(choices) or "the device's own name of it")
    low = AT_LEAST.get(name, 0)
    if not _is_number(value) or value < low or (name in WHOLE_NUMBERS and value != int(value)):
        raise _wrong(shown, name, f"a {'whole ' if name in WHOLE_NUMBERS else ''}number from {low:g}")
    return int(value) if name in WHOLE_NUMBERS else float(value)


def _is_number(value: object) -> TypeGuard[int | float]:
    """A true or false is no number, nor is one that no camera could mean."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -MAX_NUMBER <= value <= MAX_NUMBER


def _wrong(shown: str, name: str, takes: str) -> InputError:
    return InputError(f"{shown} is not valid at camera.{name}: it takes {takes}.", "Correct that key.")
