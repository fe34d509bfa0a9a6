"""The rules of the Camera page: who opens a source, what can be done with it now, and what is kept in the recipe."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from db.recipes.shelf import save as save_stored
from db.store.session import Database
from engine.domain.inspection import Frame, Value
from engine.domain.recipe import CameraSetup, Imaging
from engine.packages.package import ModelPackage
from engine.preprocessing.golden import imaging_of
from engine.recipes.file import default_recipe, load_recipe, save_recipe, with_camera, with_imaging
from engine.sources.base import SourceInfo
from engine.sources.supervisor import SourceState
from engine.station.preview import Standing
from gui.i18n.language import number, translate

Mode = Literal["own", "line", "wait", ""]
"""`own`: opened by this page; `line`: the line's; `wait`: the line is opening it; empty: nobody looks."""
AUTO = ("auto_exposure", "auto_gain", "auto_focus")
GOVERNED = {"auto_exposure": ("exposure_us",), "auto_gain": ("gain_db", "gain_raw"), "auto_focus": ("focus",)}
"""What the camera sets itself while a switch is on."""
SHARED = ("gige", "genicam", "basler")
"""Kinds that may find one and the same device; its serial number is the same."""
RATE_S = 2.0


@dataclass(frozen=True, slots=True)
class OnLine:
    """How the line stands to the source looked at. `uri`: the line's own; `reads`: it reads the one looked at;
    `ready`: it has opened what it reads."""

    uri: str
    reads: bool = False
    ready: bool = False


class CameraPresenter:
    """Looks at one source at a time; the line's own source is never opened a second time."""

    def __init__(self) -> None:
        self.current = ""
        """The URI of the source looked at."""
        self.mode: Mode = ""
        self.golden: tuple[Frame, Imaging] | None = None
        """Taken here and not saved yet."""
        self._told: Standing | None = None

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────
    def choose(self, uri: str, *, watched: bool) -> bool:
        """Look at this source; False where it is `watched` already and still gives pictures."""
        if uri == self.current and watched and not (self._told is not None and self._told.over):
            return False
        self.current = uri
        return True

    @staticmethod
    def wanted(line: OnLine) -> Mode:
        """Who has to open the source."""
        if not line.reads:
            return "own"
        return "line" if line.ready else "wait"

    def look(self, line: OnLine) -> Mode:
        """Begin to look."""
        self.mode, self._told = self.wanted(line), None
        return self.mode

    def rest(self) -> None:
        """Nobody looks."""
        self.mode = ""

    def is_on_line(self, line: OnLine) -> bool:
        """Whether the line uses what is looked at."""
        return self.mode != "own" or self.current == line.uri

    def may_use(self, line: OnLine) -> bool:
        """Whether the line can go on with what is looked at."""
        return bool(self.current) and not line.reads and self.current != line.uri

    def stand(self, standing: Standing) -> Literal["set", "drop", ""]:
        """How the source stands now: whether it can be set from now on, or no more."""
        before, self._told = self._told, standing
        if standing.state is SourceState.STREAMING:
            return "set"
        return "drop" if before is None or before.state is SourceState.STREAMING else ""

    @staticmethod
    def settable(standing: Standing) -> bool:
        """Whether the settings mean anything now: not while words say why there is no picture."""
        return standing.state is SourceState.STREAMING or not standing.words

    def to_peek(self, found: Sequence[str], known: Sequence[str], line: OnLine) -> list[str]:
        """Of which sources found a small picture is still to be taken: none that somebody has open."""
        return [uri for uri in found if uri not in (self.current, line.uri, *known)]

    @staticmethod
    def moves_by_itself(values: Mapping[str, Value]) -> bool:
        """Whether the camera governs something, so that it has to be read again and again."""
        return any(values.get(name) is True for name in AUTO)

    # ── what is kept in the recipe ───────────────────────────────────────────────────────────────────────────────
    def take_golden(self, frame: Frame, stated: tuple[int, str], like: Imaging | None) -> Imaging:
        """This frame is what the others are compared with. `stated`: depth and mosaic. Raises ValueError."""
        imaging = imaging_of(frame.pixels, *stated, like=like)
        self.golden = frame, imaging
        return imaging

    def nothing_to_save(self, values: Mapping[str, Value], package: ModelPackage | None) -> str:
        """Why there is nothing to save; empty = there is."""
        if package is None:
            return translate("Camera", "No model is loaded yet, so there is no recipe.")
        return "" if values or self.golden else translate("Camera", "There is nothing to save.")


class Rate:
    """Pictures a second by their sequence numbers, so that those not shown count too. Times in seconds."""

    def __init__(self) -> None:
        self._arrivals: deque[tuple[float, int]] = deque()

    def clear(self) -> None:
        """Another source."""
        self._arrivals.clear()

    def add(self, at: float, sequence: int) -> None:
        """A picture came."""
        self._arrivals.append((at, sequence))

    def at(self, now: float) -> float:
        """Over the last seconds; 0 where too few came, or the numbers began again."""
        while self._arrivals and now - self._arrivals[0][0] > RATE_S:
            self._arrivals.popleft()
        if len(self._arrivals) < 2:
            return 0.0
        (first, low), (last, high) = self._arrivals[0], self._arrivals[-1]
        if high < low:
            self._arrivals.clear()
            return 0.0
        return (high - low) / (last - first) if last > first else 0.0


def wait_words(standing: Standing) -> str:
    """When a source that gives no picture is tried again; empty where nobody waits for it."""
    match standing.state:
        case SourceState.OPENING if standing.words:
            return translate("Camera", "Trying again now.")
        case SourceState.BACKOFF:
            left = standing.retry_in
            soon = translate("Camera", "Next try in {seconds} s.").format(seconds=number(left))
            return soon if left >= 0.5 else translate("Camera", "Trying again now.")
        case SourceState.LOST:
            return translate("Camera", "It will be opened again by itself.")
        case _:
            return ""


def ungoverned(values: Mapping[str, Value]) -> dict[str, Value]:
    """The settings without those that the camera governs itself."""
    governed = {name for switch, names in GOVERNED.items() if values.get(switch) is True for name in names}
    return {name: value for name, value in values.items() if name not in governed}


def once_each(cameras: Sequence[SourceInfo]) -> tuple[list[SourceInfo], dict[str, str]]:
    """Each device once: one that two kinds can open (GigE Vision through Aravis and through GenICam) by the first of
    them, the better one; and by URI, which other kind could open it too. Known by its serial number."""
    kept: dict[str, SourceInfo] = {}
    others: dict[str, str] = {}
    for info in cameras:
        first = kept.setdefault(f"{info.serial}" if info.serial and info.kind in SHARED else info.uri, info)
        if first is not info and first.kind != info.kind:
            others[first.uri] = info.kind
        elif first is not info:
            kept[info.uri] = info
    return list(kept.values()), others


@dataclass(frozen=True, slots=True)
class Saved:
    """Where the recipe is now."""

    path: Path
    version: int


def save(
    path: str,
    folder: Path,
    package: ModelPackage,
    camera: CameraSetup | None,
    golden: tuple[Frame, Imaging] | None,
    *,
    trail: tuple[Database, str] | None = None,
    product: str = "",
) -> Saved:
    """Put both into the recipe at `path`, or into a new one in `folder` made from what the package brings along.

    `product`: whose the new one is, by its name. `trail`: the database whose audit trail says so, and who did it.
    Raises InputError, StorageError.
    """
    file = Path(path) if path else folder / f"{_plain(package.manifest.name)}.toml"
    if file.exists():
        recipe = load_recipe(file, package)
    else:
        recipe = replace(default_recipe(package), name=package.manifest.name, product=product)
    if camera is not None:
        recipe = with_camera(recipe, camera)
    if golden is not None:
        recipe = with_imaging(recipe, golden[1])
    pixels = golden[0].pixels if golden is not None else None
    if trail is None:
        saved = save_recipe(file, recipe, pixels)
    else:
        words = translate("Camera", "camera settings"), translate("Camera", "golden picture")
        what = [word for word, there in zip(words, (camera, golden), strict=True) if there is not None]
        saved = save_stored(trail[0], file, recipe, trail[1], ", ".join(what), golden=pixels)
    return Saved(file, saved.version)


def _plain(name: str) -> str:
    """A package's name, which comes from outside, as a file's name in this folder and no other."""
    return re.sub(r"[^\w-]+", "_", name).strip("_") or "recipe"
