"""A source run in a child process of its own, which can be killed: a driver that hangs or crashes costs no more.

The child (sources.process.host) opens the source and keeps its frames coming into a ring in shared memory, from which
whoever reads copies them (engine.sources.process.child).
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import cast

from engine.domain.inspection import Frame, Value
from engine.errors import LinesideError, UsageError
from engine.sources.address import masked
from engine.sources.base import Capability, in_order
from engine.sources.process.child import SourceProcess
from engine.sources.process.host import Facts, Make

OPENED_S = 0.1


class ApartSource:
    """A FrameSource around the one that `make(uri)` gives in the child. `make` must be picklable: a module's function.

    `open` is `begin` and `opened` until it is; all but `read` may be called from any thread while another one reads.
    """

    def __init__(
        self,
        uri: str,
        *,
        make: Make,
        settings: Mapping[str, Value] | None = None,
        open_s: float = 15.0,
        silent_s: float = 5.0,
        stall_s: float = 3.0,
        known: Facts | None = None,
    ) -> None:
        """`known`: what can be said of the source before it is open. `open_s`: until it must be open; `silent_s`: a
        driver without a sign of life hangs; `stall_s`: a free-running camera without pictures is lost, if four of its
        frame periods and three exposures are over as well."""
        self._uri, self._make = uri, make
        self._open_s, self._silent_s, self._stall_s = open_s, silent_s, stall_s
        self._known = known
        self._child: SourceProcess | None = None
        self._handing = Lock()
        self.settings: dict[str, Value] = dict(settings or {})
        """Applied in the child at every opening, before any frame; a refused one raises out of `opened`."""

    @property
    def uri(self) -> str:
        """What opens this source again, with `***` for a password."""
        return masked(self._uri)

    @property
    def description(self) -> str:
        """The source's own; the URI while that is not known."""
        facts = self._facts
        return facts.description if facts else self.uri

    @property
    def free_running(self) -> bool:
        """The source's own; True while that is not known."""
        facts = self._facts
        return facts.free_running if facts else True

    @property
    def live(self) -> bool:
        """The source's own; True while that is not known."""
        facts = self._facts
        return facts.live if facts else True

    @property
    def total(self) -> int | None:
        """The source's own."""
        facts = self._facts
        return facts.total if facts else None

    @property
    def skipped(self) -> int:
        """Frames made since `open` that nobody read, here or in the child; 0 while closed."""
        child = self._child
        return child.skipped if child else 0

    @property
    def pid(self) -> int | None:
        """The child's process id; None while closed."""
        child = self._child
        return child.pid if child else None

    def begin(self) -> None:
        """Start the child and have it open the source; returns at once. Raises SourceLost when none can be started."""
        self.close()
        settings = list(in_order(self.settings).items())
        child = SourceProcess(self._uri, self._make, settings, (self._open_s, self._silent_s, self._stall_s))
        with self._handing:
            self._child = child

    def opened(self, timeout: float) -> bool:
        """Whether it is open, after `timeout` seconds at most. Raises what opening it or a setting raised, SourceLost
        when the child died or took too long; it is closed then."""
        child = self._open_child()
        try:
            return child.opened(timeout)
        except LinesideError:
            self.close()
            raise

    def open(self) -> None:
        """`begin`, and wait until it is open."""
        self.begin()
        try:
            while not self.opened(OPENED_S):
                pass
        except BaseException:
            self.close()
            raise

    def read(self, timeout: float) -> Frame:
        """The newest frame of a free-running source, the next one otherwise; see FrameSource.

        What the child made before it was lost is still handed out first. Raises SourceLost in words for the operator
        when the child died, its driver hangs, or the camera answers but sends no pictures.
        """
        return self._open_child().read(timeout)

    def trigger(self) -> None:
        """See FrameSource."""
        self._open_child().ask("trigger")

    def get(self, name: str) -> Value:
        """See FrameSource."""
        return cast(Value, self._open_child().ask("get", name))

    def set(self, name: str, value: Value) -> None:
        """See FrameSource; the next opening has it too."""
        self._open_child().ask("set", name, value)
        self.settings = self.settings | {name: value}

    def caps(self) -> tuple[Capability, ...]:
        """See FrameSource."""
        child = self._child
        return () if child is None else tuple(cast(tuple[Capability, ...], child.ask("caps")))

    def check(self) -> None:
        """See FrameSource."""
        self._open_child().ask("check")

    def close(self) -> None:
        """Ask the child to end, else end it; within two seconds, from any thread, as often as one likes."""
        with self._handing:
            child, self._child = self._child, None
        if child is not None:
            child.close()

    @property
    def _facts(self) -> Facts | None:
        child = self._child
        return (child.facts if child else None) or self._known

    def _open_child(self) -> SourceProcess:
        child = self._child
        if child is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it first.")
        return child
