"""The pictures collected for a new product, in class folders: DIR/<class>/<serial>-<digest>.png. Called on jobs."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from db.images.encoding import encode_png, pixels_digest
from engine.domain.inspection import Pixels
from engine.errors import InputError, StorageError
from engine.system.files import write_atomically

OK = "ok"
"""The sound class; the trainer knows it by this name."""
WANTED_OK, WANTED_NG = 20, 5
"""So many make a first model worth trying."""
LEAST_OK, LEAST_NG = 10, 3
"""With fewer there is nothing to learn from and to hold back."""
HELD_BACK = 0.2
"""Share of each class, its newest pictures, that the model never learns from and is tried on."""
MANY = 20_000
FULL = "The collection holds 20,000 pictures."
MAX_NAME = 40
KEPT_ACTS = 32
_FILE = re.compile(r"(\d{6})-([0-9a-f]{16})\.png")
_RESERVED = re.compile(r"(?i)con|prn|aux|nul|com\d|lpt\d")


@dataclass(frozen=True, slots=True)
class Item:
    """One collected picture. `serial` counts in the order of taking."""

    path: Path
    label: str
    serial: int
    digest: str


@dataclass(frozen=True, slots=True)
class Stock:
    """What is collected now: items oldest first, classes in the order they came, OK first."""

    items: tuple[Item, ...] = ()
    classes: tuple[str, ...] = (OK,)
    acts: int = 0
    """Counts the acts on this collection: of two stocks the one with more is the newer."""

    def count(self, label: str) -> int:
        """How many of this class."""
        return sum(item.label == label for item in self.items)

    @property
    def missing(self) -> dict[str, int]:
        """Per class how many are still wanted; only those that lack any."""
        have = Counter(item.label for item in self.items)
        lack = {name: (WANTED_OK if name == OK else WANTED_NG) - have[name] for name in self.classes}
        return {name: number for name, number in lack.items() if number > 0}

    @property
    def enough(self) -> bool:
        """Whether a training can begin."""
        have = Counter(item.label for item in self.items)
        defects = [number for name, number in have.items() if name != OK]
        return have[OK] >= LEAST_OK and bool(defects) and min(defects) >= LEAST_NG

    def held_back(self) -> tuple[Item, ...]:
        """The newest fifth of each class, at least one: neighbours of what is learnt are least like these."""
        held: list[Item] = []
        for name in self.classes:
            mine = [item for item in self.items if item.label == name]
            if len(mine) >= LEAST_NG:
                held += mine[-max(1, round(HELD_BACK * len(mine))) :]
        return tuple(held)


def safe_name(text: str) -> str:
    """A name somebody typed as the name of a folder, and of no other place; empty where nothing is left of it."""
    name = re.sub(r"[^\w \-]+", "_", text).strip(" _")[:MAX_NAME].strip()
    return f"{name}_" if _RESERVED.fullmatch(name) else name


def products(folder: Path) -> tuple[str, ...]:
    """The collections there are below `folder`."""
    try:
        found = [entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return ()
    return tuple(sorted(name for name in found if name == safe_name(name))[:MANY])


class Collection:
    """One product's pictures. Safe from several threads; every act gives the stock as it is afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._items: list[Item] = []
        self._classes: list[str] = [OK]
        self._acts = 0
        self._done: list[tuple[Item, bytes]] = []
        """Latest acts for `undo`: a picture with its bytes was removed, one without was added."""

    def load(self, order: Iterable[str] = ()) -> Stock:
        """Read what is there; `order`: the classes as they came. Other files are left alone. Raises StorageError."""
        with self._lock:
            try:
                found = _read(self.folder) if self.folder.is_dir() else {}
            except OSError as error:
                raise StorageError(f"The collection {self.folder} cannot be read.", "Allow reading there.") from error
            first = [name for name in order if name in found]
            self._classes = list(dict.fromkeys([OK, *first, *sorted(found)]))
            self._items = sorted((i for items in found.values() for i in items), key=lambda i: (i.serial, i.digest))
            self._done = []
            return self._stock()

    def add(self, label: str, pixels: Pixels) -> Stock:
        """Keep this picture (as it is shown, 8 bits). Raises InputError for one that is there already, StorageError."""
        digest = pixels_digest(pixels)[:16]
        with self._lock:
            known = next((item for item in self._items if item.digest == digest), None)
            if known is not None:
                raise InputError(f"This picture is collected already, as {known.label}.", "Wait for the next part.")
            if len(self._items) >= MANY:
                raise InputError(FULL, "Train, or begin another collection.")
            serial = max((item.serial for item in self._items), default=0) + 1
            item = Item(self.folder / label / f"{serial:06d}-{digest}.png", label, serial, digest)
            write_atomically(item.path, encode_png(pixels))
            self._items.append(item)
            if label not in self._classes:
                self._classes.append(label)
            self._did(item, b"")
            return self._stock()

    def remove(self, item: Item) -> Stock:
        """Take one out again; `undo` brings it back. Raises StorageError."""
        with self._lock:
            if item in self._items:
                self._did(item, self._take_out(item))
            return self._stock()

    def undo(self) -> Stock:
        """Take the last act back; after a restart, the newest picture. Raises StorageError."""
        with self._lock:
            if self._done:
                item, data = self._done.pop()
            elif self._items:
                item, data = self._items[-1], b""
            else:
                return self._stock()
            if data:
                write_atomically(item.path, data)
                self._items = sorted([*self._items, item], key=lambda i: i.serial)
            else:
                self._take_out(item)
            return self._stock()

    def _did(self, item: Item, data: bytes) -> None:
        self._done = [*self._done, (item, data)][-KEPT_ACTS:]

    def _take_out(self, item: Item) -> bytes:
        data = b""
        try:
            data = item.path.read_bytes()
            item.path.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StorageError(f"{item.path} cannot be removed.", "Close other programs that have it open.") from error
        self._items.remove(item)
        if item.label != OK and not any(i.label == item.label for i in self._items):
            self._classes.remove(item.label)
            with suppress(OSError):
                item.path.parent.rmdir()
        return data

    def _stock(self) -> Stock:
        for item in self._items:
            if item.label not in self._classes:
                self._classes.append(item.label)
        self._acts += 1
        return Stock(tuple(self._items), tuple(self._classes), self._acts)


def write_dataset(stock: Stock, target: Path) -> Path:
    """The stock as the trainer reads it: `train/<class>` and, of what is held back, `test/<class>`. Links where the
    file system has them. Raises StorageError."""
    held = set(stock.held_back())
    try:
        for item in stock.items:
            place = target / ("test" if item in held else "train") / item.label / item.path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(item.path, place)
            except OSError:
                shutil.copyfile(item.path, place)
    except OSError as error:
        why = f"The collection could not be copied to {target}: {error.strerror or error}."
        raise StorageError(why, "Free some space.") from error
    return target


def _read(folder: Path) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    left = MANY
    for place in os.scandir(folder):
        if not place.is_dir(follow_symlinks=False) or place.name != safe_name(place.name):
            continue
        for file in os.scandir(place.path):
            match = _FILE.fullmatch(file.name)
            if match is not None and left > 0 and file.is_file(follow_symlinks=False):
                left -= 1
                found.setdefault(place.name, []).append(Item(Path(file.path), place.name, int(match[1]), match[2]))
    return found
