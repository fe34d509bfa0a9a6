"""Looking at a source that no station runs on: the newest frame, and how the source stands."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

from engine.domain.inspection import Frame, Value
from engine.errors import FrameIncomplete, FrameTimeout, LinesideError, PictureError, SourceEnded, SourceLost
from engine.sources.base import FrameSource
from engine.sources.supervisor import SourceState, Supervisor
from engine.system.mailbox import Mailbox

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 0.2
FILE_EVERY_S = 0.2
"""A folder or video is shown at this pace, however fast its pictures could be read."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source stands. `over`: it ended, or it cannot be opened and waiting does not mend it."""

    state: SourceState
    words: str = ""
    retry_s: float = 0.0
    over: bool = False
    failed: bool = False
    """It is over because of an error."""
    at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def retry_in(self) -> float:
        """Seconds to the next try from now; 0 when none is waited for."""
        return max(0.0, self.at + self.retry_s - time.monotonic()) if self.state is SourceState.BACKOFF else 0.0


class Preview:
    """One source under a supervisor on a thread of its own, from `start` to `stop`; both may be called again."""

    def __init__(self, source: FrameSource, settings: Mapping[str, Value] | None = None) -> None:
        self.source = Supervisor(source, settings, self._told)
        """For settings and triggers, from any thread; it counts the damaged and the skipped frames."""
        self.frames: Mailbox[Frame] = Mailbox()
        """The newest frame."""
        self.standing: Mailbox[Standing] = Mailbox()
        """The newest standing."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """True while its thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Open the source and read it; nothing happens while it runs."""
        if self.running:
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)
        self._thread.start()

    def request_stop(self) -> None:
        """Have it end soon; returns at once."""
        self._stop.set()

    def stop(self, timeout: float = 5.0) -> bool:
        """Close the source; False if it did not let go within `timeout` seconds."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.running

    def __enter__(self) -> Preview:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    # ── on its thread ────────────────────────────────────────────────────────────────────────────────────────────
    def _run(self) -> None:
        try:
            self.source.open()
            while not self._stop.is_set():
                self._read()
        except SourceEnded as error:
            self._over(error, failed=False)
        except LinesideError as error:
            self._over(error, failed=True)
        except Exception as error:
            log.exception("the preview stopped on a bug")
            self._over(LinesideError(f"The preview stopped on an internal error ({error!r})."), failed=True)
        finally:
            self.source.close()

    def _read(self) -> None:
        try:
            frame = self.source.read(READ_TIMEOUT_S)
        except (FrameTimeout, FrameIncomplete, SourceLost):
            # Counted by the supervisor, which also tells of a loss and brings the source back.
            return
        except PictureError as error:
            log.info("not shown: %s", error)
            return
        self.frames.put(frame)
        if not self.source.live:
            self._stop.wait(FILE_EVERY_S)

    def _told(self, state: SourceState, words: str, retry_s: float) -> None:
        self.standing.put(Standing(state, words, retry_s))

    def _over(self, error: LinesideError, *, failed: bool) -> None:
        words = f"{error.message} {error.remedy}".strip()
        self.standing.put(Standing(SourceState.CLOSED, words, over=True, failed=failed))
