"""Station settings: what one station remembers between starts."""

from __future__ import annotations

import logging
from itertools import count
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import InputError, StorageError
from engine.system.files import write_atomically
from engine.system.places import home
from engine.system.texts import parse_json, read_text

log = logging.getLogger(__name__)

SETTINGS_SCHEMA = 1
FILE = "settings.json"
MAX_BYTES = 16 << 20


class AlarmRules(BaseModel):
    """When the line's results themselves call somebody; 0 = that rule is off."""

    model_config = ConfigDict(extra="allow", validate_assignment=True)

    ng_in_row: int = Field(5, ge=0, le=1000)
    """So many NG one after the other."""
    ng_rate: float = Field(0.3, ge=0.0, le=1.0)
    """Share of NG among the last `rate_parts` parts above which it is too much."""
    rate_parts: int = Field(50, ge=5, le=10_000)
    same_place: int = Field(4, ge=0, le=100)
    """A defect at the same position on so many successive parts: a dirty lens or a tool mark."""
    unknown: int = Field(5, ge=0, le=1000)
    """So many among the last `unknown_parts` that the model does not know: another product, most likely."""
    unknown_parts: int = Field(8, ge=1, le=1000)


class Retention(BaseModel):
    """How long pictures are kept; 0 = without limit. Rows and overrides are never removed."""

    model_config = ConfigDict(extra="allow", validate_assignment=True)

    days: int = Field(0, ge=0, le=36_500)
    gigabytes: float = Field(0.0, ge=0.0, le=1_000_000.0)
    keep_corrected: bool = True
    """Pictures somebody said something about stay, whatever their age."""


class StationSettings(BaseModel):
    """What one station remembers between starts. Unknown keys warn; a bad value names its key."""

    model_config = ConfigDict(extra="allow", validate_assignment=True)

    schema_version: int = Field(SETTINGS_SCHEMA, ge=1, le=1_000_000)
    station: str = "Station 1"
    operator: str = ""
    operators: list[str] = Field(default_factory=list)
    source: str = ""
    """URI of the last source; empty = none was chosen yet."""
    product: str = ""
    """Name of the product the station worked on last; empty = its first one."""
    recipe: str = ""
    """Path of the recipe file in force before there were products; each product knows its own since."""
    theme: Literal["dark", "light", "contrast"] = "dark"
    overlay: Literal["heat", "mask", "contour", "off"] = "heat"
    overlay_opacity: float = Field(0.55, ge=0.0, le=1.0)
    save_every_ok: int = Field(0, ge=0, le=1_000_000)
    threads: int = Field(0, ge=0, le=1024)
    """CPU threads for inference; 0 = as many as there are cores."""
    language: str = Field("", max_length=8)
    """`en`, `de`; empty = the system's."""
    scale: float = Field(1.0, ge=0.8, le=2.0)
    """Size of type: 1.0 = as designed, 2.0 = double."""
    touch: bool = False
    """Every target at least 44 px."""
    sounds: bool = True
    pin_required: bool = False
    """Whoever takes over the station gives a PIN."""
    shifts: list[str] = Field(default_factory=lambda: ["06:00", "14:00", "22:00"], max_length=24)
    """When a shift begins, local time, HH:MM."""
    alarms: AlarmRules = Field(default_factory=lambda: AlarmRules())
    retention: Retention = Field(default_factory=lambda: Retention())
    audit_every: int = Field(0, ge=0, le=1_000_000)
    """One OK part in so many is put before a person who does not see the verdict; 0 = none."""
    trainer: str = ""
    """The trainer's program or its Python; empty = looked for."""
    first_run: bool = True
    """Nobody went through the guided start yet."""
    memory: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """What each page and the window come back with: filters, splitters, the last folder."""


def load_settings(folder: Path | None = None) -> StationSettings:
    """The settings of this user; the defaults where there are none. Raises InputError that names a bad key."""
    path = (folder or home()) / FILE
    if not path.exists():
        return StationSettings(schema_version=SETTINGS_SCHEMA)
    try:
        shown = f"The settings in {path}"
        settings = StationSettings.model_validate(parse_json(read_text(path, MAX_BYTES, shown), shown))
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise InputError(
            f"The settings in {path} cannot be used: {key} has a bad value.",
            "Correct that key or delete the file to start with the defaults.",
        ) from error
    if settings.schema_version > SETTINGS_SCHEMA:
        raise InputError(
            f"The settings in {path} come from a newer Lineside.", "Update Lineside, or delete the file to start anew."
        )
    for key in settings.model_extra or {}:
        log.warning("settings: unknown key %s is kept and ignored", key)
    return settings


def save_settings(settings: StationSettings, folder: Path | None = None) -> None:
    """Keep the settings. Raises StorageError."""
    text = settings.model_dump_json(indent=2)
    write_atomically((folder or home()) / FILE, text.encode())


def set_aside(folder: Path) -> Path:
    """Give a file that cannot be used another name, before new settings are written in its place; returns the new one.

    Raises StorageError.
    """
    path = folder / FILE
    aside = next(p for n in count(1) if not (p := folder / f"{FILE}.bad-{n}").exists())
    try:
        return path.rename(aside)
    except OSError as error:
        raise StorageError(
            f"{path} could not be renamed: {error.strerror}.", "Allow writing there, then start Lineside again."
        ) from error
