"""A watched folder as a source: every picture that is put into it, once it is complete."""

from __future__ import annotations

import fnmatch
import logging
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from engine.domain.inspection import Frame, Pixels, utc_now
from engine.domain.recipe import FilePages
from engine.errors import FrameTimeout, InputError, PictureError, SourceLost, SourceNotFound, UsageError
from engine.images.listing import PICTURE_SUFFIXES, natural_key
from engine.images.pages import page_name, pages_of, read_page
from engine.names import name_of, path_of
from engine.sources.base import NoSettings, SourceInfo, SourceRemark
from engine.sources.files.bystanders import Bystanders
from engine.sources.files.filing import file_away
from engine.sources.files.written_over import Glimpse, WrittenOver

log = logging.getLogger(__name__)

POLL_S = 0.2
QUIET_S = 0.5
"""A file that did not change for so long is tried."""
PATIENCE_S = 10.0
"""A file that cannot be read is tried again for so long after its last change, and is a bad picture then."""
_RETRY_S = 1.0
_RECHECKED = 500
_REMEMBERED = 20_000
_SUFFIXES = tuple(PICTURE_SUFFIXES)
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart")

Mark = tuple[int, int]
"""A file's time of change in nanoseconds and its size in bytes: with its name, what makes it the same file."""


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What is watched and how."""

    folder: Path
    move: Path | None = None
    """Where finished pictures go; None = they stay."""
    pattern: str = "*"
    """Which names count, as in `*_top.png`, whatever their case."""
    existing: bool | None = None
    """Whether pictures that lie there at opening are judged; None = yes if finished ones are moved, else no."""

    @property
    def with_existing(self) -> bool:
        """What lies there was not judged yet where all that was judged is moved away."""
        return self.move is not None if self.existing is None else self.existing


@dataclass(slots=True)
class _Waiting:
    """A picture that was seen and is not complete yet."""

    mark: Mark
    since: float
    due: float
    seen: Glimpse | None = None
    """What it was when it was looked at last."""


class WatchSource(NoSettings):
    """New pictures of one folder (not of those in it), in order of arrival, each once.

    A picture is read when it did not change for QUIET_S, or at once when it was seen before under an unfinished name
    (hidden, .tmp, .part …) and renamed. Moving happens with the read after, when the station has recorded what it
    found. A name whose file changed is a new picture. What was judged is remembered by name, time and size for as long
    as it lies there, and longer, so that a drive that comes back is not judged again.
    """

    free_running = False
    skipped = 0
    total = None

    def __init__(self, settings: WatchSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._known: dict[str, Mark] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._queue: deque[str] = deque()
        self._unfinished: dict[int, Mark] = {}
        self._turn = 0
        self._given: Path | None = None
        self._place: tuple[int, int] | None = None
        self._lost = False
        self._next_look = 0.0
        self._sequence = 0
        self.pages = FilePages.REFUSE
        self._more: deque[tuple[Path, Mark, int]] = deque()
        move = settings.move
        inside = move is not None and move.absolute().parent == settings.folder.absolute()
        self._bystanders = Bystanders(settings.folder, move if inside else None)
        self._written_over = WrittenOver(clock)
        self._remarks: list[SourceRemark] = []

    @property
    def uri(self) -> str:
        """`watch:` and the path, unquoted but escaped as every name is, with the options that are not the defaults."""
        chosen = self._settings
        options = [] if chosen.move is None else [f"move={chosen.move}"]
        options += [] if chosen.pattern == "*" else [f"pattern={chosen.pattern}"]
        options += [] if chosen.existing is None else [f"existing={'yes' if chosen.existing else 'no'}"]
        return name_of(f"watch:{chosen.folder}" + ("?" + "&".join(options) if options else ""))

    @property
    def description(self) -> str:
        """`watch folder incoming`."""
        return f"watch folder {name_of(self._settings.folder.name or self._settings.folder)}"

    def open(self) -> None:
        """Look at what lies there. Raises SourceNotFound when the folder is not there (yet), InputError when finished
        pictures cannot be moved where they should."""
        self.close()
        folder, move = self._settings.folder, self._settings.move
        if move is not None:
            _make(move)
        names = {
            name: mark for name, mark, _inode in self._listed(SourceNotFound, everything=True) if self._counts(name)
        }
        if not self._lost and not self._settings.with_existing:
            self._known.update(names)
        self._lost = False
        self._place = _place(folder)
        self._next_look = self._clock()

    def read(self, timeout: float) -> Frame:
        """The next complete picture; its frame's name is its path. Raises FrameTimeout while there is none,
        PictureError for one that stayed unreadable, SourceLost when the folder went away."""
        if self._place is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        self._file_away_the_last()
        end = self._clock() + timeout
        while True:
            if self._clock() >= self._next_look:
                self._look()
            frame = self._complete()
            if frame is not None:
                return frame
            now = self._clock()
            if now >= end:
                raise FrameTimeout("No new picture came in time.")
            time.sleep(max(0.0, min(end, self._next_look, self._soonest(now)) - now))

    def check(self) -> None:
        """Raises SourceLost when the folder is not there."""
        if self._place is not None and _place(self._settings.folder) != self._place:
            raise self._gone()

    def remarks(self) -> tuple[SourceRemark, ...]:
        """What lies there and is never judged, and what was written over before it was."""
        told, self._remarks = self._remarks, []
        return (*told, *self._written_over.remarks(at_rest=not self._waiting))

    def close(self) -> None:
        """Stop watching. The last picture stays where it is: whether its verdict was recorded is not known."""
        self._waiting.clear()
        self._queue.clear()
        self._more.clear()
        self._unfinished.clear()
        self._given = self._place = None

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _look(self) -> None:
        began = self._clock()
        self.check()
        listed = self._listed(SourceLost)
        now = self._clock()
        # A slow drive is left alone for longer than it was kept busy.
        self._next_look = now + POLL_S + 2 * (now - began)
        before, self._unfinished = self._unfinished, {}
        for name, mark, inode in listed:
            if not self._counts(name):
                self._unfinished[inode] = mark
            elif self._known.get(name) != mark and (name not in self._waiting or self._waiting[name].mark != mark):
                whole = inode != 0 and before.get(inode) == mark
                self._waiting[name] = _Waiting(mark, now, now if whole else now + QUIET_S, self._glimpse(name))
        present = {name for name, _mark, _inode in listed}
        for name in [name for name in self._waiting if name not in present]:
            del self._waiting[name]
        self._forget(present)

    def _listed(self, error: type[SourceLost], everything: bool = False) -> list[tuple[str, Mark, int]]:
        """Name, mark and file number of what is new, waits or is unfinished, and of some of what is known.

        Asking for the mark is what costs: of the known ones 500 are asked at a look, in turn.
        """
        found: list[tuple[str, Mark, int]] = []
        try:
            with os.scandir(self._settings.folder) as entries:
                listed, others = _sorted(entries, self._counts)
        except OSError as reason:
            raise self._gone(error) from reason
        self._remarks += self._bystanders.look(others)
        known = [entry for entry in listed if not everything and entry.name in self._known]
        asked = {entry.name for entry in islice(known, self._turn, self._turn + _RECHECKED)}
        self._turn = self._turn + _RECHECKED if self._turn + _RECHECKED < len(known) else 0
        for entry in listed:
            if not everything and entry.name in self._known and entry.name not in asked:
                found.append((entry.name, self._known[entry.name], 0))
                continue
            try:
                status = entry.stat()
            except OSError:
                continue
            found.append((entry.name, (status.st_mtime_ns, status.st_size), status.st_ino))
        return found

    def _glimpse(self, name: str) -> Glimpse | None:
        waiting = self._waiting.get(name)
        return self._written_over.glimpse(self._settings.folder / name, waiting.seen if waiting else None)

    def _counts(self, name: str) -> bool:
        lower = name.lower()
        if not lower.rstrip().endswith(_SUFFIXES) or _is_unfinished(name):
            return False
        return self._settings.pattern == "*" or fnmatch.fnmatchcase(lower, self._settings.pattern.lower())

    def _forget(self, present: set[str]) -> None:
        """The oldest of those that lie there no more, beyond a number that costs nothing to keep."""
        if len(self._known) <= len(present) + _REMEMBERED:
            return
        absent = [name for name in self._known if name not in present]
        for name in absent[: len(absent) - _REMEMBERED // 2]:
            del self._known[name]

    def _gone(self, error: type[SourceLost] = SourceLost) -> SourceLost:
        self._lost = self._lost or self._place is not None
        return error(
            f"The folder {self._settings.folder} is not there.", "Check the path, and that its drive is connected."
        )

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _soonest(self, now: float) -> float:
        return min((waiting.due for waiting in self._waiting.values() if waiting.due > now), default=float("inf"))

    def _complete(self) -> Frame | None:
        if self._more:
            return self._further()
        now = self._clock()
        if not self._queue:
            ready = [name for name, waiting in self._waiting.items() if waiting.due <= now]
            self._queue.extend(sorted(ready, key=self._arrival))
        while self._queue:
            name = self._queue.popleft()
            waiting = self._waiting.get(name)
            frame = None if waiting is None or waiting.due > now else self._try(name, waiting)
            if frame is not None:
                return frame
        return None

    def _arrival(self, name: str) -> tuple[int, object]:
        return self._waiting[name].mark[0], natural_key(Path(name))

    def _try(self, name: str, waiting: _Waiting) -> Frame | None:
        path = self._settings.folder / name
        if _mark(path) != waiting.mark:
            return None
        try:
            pixels = read_page(path, 0, self.pages)
        except PictureError:
            if self._clock() - waiting.since < PATIENCE_S:
                waiting.due = self._clock() + _RETRY_S
                return None
            self._done(name, waiting, path)
            raise
        self._done(name, waiting, path)
        self._more.extend((path, waiting.mark, page) for page in pages_of(path, self.pages) if page)
        return self._frame(pixels, path, 0)

    def _further(self) -> Frame:
        """The next picture of the file in hand, which is moved away after its last one."""
        path, mark, page = self._more.popleft()
        if _mark(path) != mark:
            self._more.clear()
            message = f"The picture {path} was written over while its pictures were judged."
            raise PictureError(message, "It is judged again as it is now.", page_name(path, page))
        return self._frame(read_page(path, page, self.pages), path, page)

    def _frame(self, pixels: Pixels, path: Path, page: int) -> Frame:
        frame = Frame(pixels, self.uri, self._sequence, utc_now(), page_name(path, page))
        self._sequence += 1
        return frame

    def _done(self, name: str, waiting: _Waiting, path: Path) -> None:
        del self._waiting[name]
        self._known.pop(name, None)
        self._known[name] = waiting.mark
        self._given = path

    def _file_away_the_last(self) -> None:
        if self._more:
            return
        given, self._given = self._given, None
        if given is None or self._settings.move is None:
            return
        if _mark(given) != self._known.get(given.name):
            log.info("%s was replaced or taken away before it could be moved", given)
            return
        try:
            file_away(given, self._settings.move)
        except OSError as error:
            log.warning("%s could not be moved to %s: %s", given, self._settings.move, error.strerror or error)
        else:
            # Whoever puts it back wants it judged again.
            del self._known[given.name]


def _is_unfinished(name: str) -> bool:
    return name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED)


def _sorted(
    entries: Iterable[os.DirEntry[str]], counts: Callable[[str], bool]
) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
    """What is or may become a picture, and everything else: a folder or a pipe of such a name among it."""
    listed: list[os.DirEntry[str]] = []
    others: list[os.DirEntry[str]] = []
    for entry in entries:
        wanted = counts(entry.name) or _is_unfinished(entry.name)
        (listed if wanted and _is_plain(entry) else others).append(entry)
    return listed, others


def _is_plain(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _mark(path: Path) -> Mark | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _place(folder: Path) -> tuple[int, int] | None:
    """Which folder this is: another one under the same path is another drive, or none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder {folder} for finished pictures cannot be made ({error.strerror}).", "Choose another."
        ) from error


_OPTION = re.compile(r"[?&](?=(?:move|pattern|existing)=)")


def source(rest: str) -> WatchSource:
    """The source behind `watch:`, `PATH[?move=PATH][&pattern=*.png][&existing=yes]`, nothing quoted. Raises UsageError.

    A `?` or `&` that is not followed by one of these options belongs to the path.
    """
    path, *options = _OPTION.split(rest)
    if not path.strip():
        raise UsageError("watch: names no folder.", "Write it behind the colon, as in watch:PATH.")
    chosen = dict(option.split("=", 1) for option in options)
    if any(not value.strip() for value in chosen.values()):
        raise UsageError("An option of the watched folder is empty.", "Write it as in watch:PATH?move=DONE_PATH.")
    existing = chosen.get("existing")
    if existing not in (None, "yes", "no"):
        raise UsageError(f"existing cannot be {existing}.", "Write existing=yes or existing=no.")
    folder = path_of(path).expanduser()
    move = path_of(chosen["move"]).expanduser() if "move" in chosen else None
    if move is not None and move.absolute() == folder.absolute():
        raise UsageError("Finished pictures cannot be moved into the watched folder itself.", "Choose another folder.")
    return WatchSource(
        WatchSettings(folder, move, chosen.get("pattern", "*"), None if existing is None else existing == "yes")
    )


def cameras() -> list[SourceInfo]:
    """None: a folder is known by its path."""
    return []
