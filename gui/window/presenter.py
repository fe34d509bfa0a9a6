"""What the window goes by: which page may be shown, when it is built anew, the kiosk, and the pace it tells. No Qt."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from db.users.alarms import StoredAlarm
from engine import events
from engine.domain.inspection import Inspection
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.i18n.sources import source_words
from gui.line.judging import judge_words
from gui.line.line import STOPPED, Line

RATE_WINDOW_S = 2.0
LEAST_SPAN_S = 0.5
NEWEST = 0.2
"""How much the newest part's time counts in the time a model takes."""


class View(Protocol):
    """The window, as its presenter sees it."""

    @property
    def page(self) -> str:
        """The name of the page on screen."""
        ...

    @property
    def pages(self) -> Collection[str]:
        """The names of all pages."""
        ...

    @property
    def held(self) -> str:
        """Why a page cannot be built anew now; empty = all can."""
        ...

    def show_page(self, name: str) -> None: ...
    def dismiss_picker(self) -> None: ...
    def build_anew(self) -> None: ...
    def show_kiosk(self, on: bool) -> None: ...
    def ask_engineer(self, then: Callable[[], None]) -> None: ...


class WindowPresenter:
    """Of one window; it outlives the pages, which are built anew with the language and the size."""

    def __init__(self, view: View, context: AppContext, line: Line) -> None:
        self._view, self._context, self._line = view, context, line
        self._waiting = False
        self.kiosk = False
        """Whether there is nothing but the Live page, on the whole screen."""
        self.pace = Pace()

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────
    def restore(self) -> None:
        """The kiosk and the page of the last time."""
        kept = self._context.memory("window")
        if kept.get("kiosk") is True:
            self._set_kiosk(True)
        page = str(kept.get("page"))
        self.go(page if page in self._view.pages and not self.kiosk else "live")

    def go(self, name: str) -> None:
        """Show a page by its name; unknown names are ignored, and the kiosk has one page only."""
        self._view.dismiss_picker()
        if self.kiosk and name != "live":
            self._context.notify(
                "info",
                translate("Window", "This station only shows the Live page now."),
                translate("Window", "Ctrl+K leads back to the other pages."),
            )
        elif name in self._view.pages:
            self._view.show_page(name)
            self._context.remember("window", page=name)

    def rebuild(self) -> None:
        """Build the content anew, in the language and size in force; waits while a page says that it is held."""
        held = self._view.held
        self._waiting = bool(held)
        if held:
            self._context.notify("info", translate("Window", "The window changes as soon as this is over."), held)
        else:
            self._view.build_anew()

    def try_again(self) -> None:
        """Build anew what waited for a page that was held and is not any more."""
        if self._waiting and not self._view.held:
            self.rebuild()

    def alarmed(self, alarm: StoredAlarm) -> None:
        """On the Live page the alarm has its own bar."""
        if self._view.page != "live":
            where = translate("Alarm", "Acknowledge it on the Live page.")
            self._context.notify(
                "error", translate("Alarm", "ALARM: {message}").format(message=translated(alarm.message)), where
            )

    # ── the kiosk ────────────────────────────────────────────────────────────────────────────────────────────────
    def toggle_kiosk(self) -> None:
        """Nothing but the Live page; an engineer leads back, where the station requires PINs."""
        if self.kiosk:
            self._view.ask_engineer(self._leave_kiosk)
        else:
            self._set_kiosk(True)
            self.go("live")

    @property
    def locked(self) -> bool:
        """Whether only an engineer may close the window."""
        return self.kiosk and self._context.settings.pin_required

    def _leave_kiosk(self) -> None:
        self._set_kiosk(False)

    def _set_kiosk(self, on: bool) -> None:
        self.kiosk = on
        self._context.remember("window", kiosk=on)
        self._view.show_kiosk(on)

    # ── what the status bar says ─────────────────────────────────────────────────────────────────────────────────
    def inspected(self, batch: Sequence[events.StationEvent]) -> int | None:
        """Tell everybody what was recorded; frames skipped so far, None where nothing was recorded."""
        found = [e for e in batch if isinstance(e, events.Inspected)]
        if not found:
            return None
        parts = [e.inspection for e in found]
        self.pace.add(parts)
        self._context.recorded.emit(parts)
        return found[-1].skipped

    @property
    def rate(self) -> float | None:
        """Parts a second; None once a run is over: it keeps its last rate, for nothing arrives that could lower it."""
        return None if self._line.state == STOPPED else self.pace.rate()

    @property
    def judge(self) -> str:
        """What judges now: product, recipe, and the model with its time per part; the product alone until one does."""
        return judge_words(self._context, self.pace.model_ms)

    @property
    def source(self) -> str:
        """The source in words, and whether its picture drifts; empty while there is none."""
        if self._line.source is None:
            return ""
        drift = {
            "warn": translate("Window", "picture drifts"),
            "review": translate("Window", "picture drifts: REVIEW"),
        }.get(self._line.imaging[0], "")
        return f"{source_words(self._line.source.description)}  {drift}".strip()


class Pace:
    """How many parts came in the last two seconds, and how long the model takes for one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._arrivals: deque[float] = deque()
        self.model_ms = 0.0
        """Smoothed; 0 before the first part."""

    def add(self, parts: Sequence[Inspection]) -> None:
        """These came just now."""
        now, times = self._clock(), parts[-1].times
        self._arrivals.extend(now for _ in parts)
        took = times.prepare_ms + times.infer_ms
        self.model_ms = took if not self.model_ms else self.model_ms + NEWEST * (took - self.model_ms)

    def rate(self) -> float:
        """Parts a second."""
        now, arrivals = self._clock(), self._arrivals
        while arrivals and now - arrivals[0] > RATE_WINDOW_S:
            arrivals.popleft()
        span = arrivals[-1] - arrivals[0] if len(arrivals) > 1 else 0.0
        return (len(arrivals) - 1) / max(span, LEAST_SPAN_S) if span else 0.0
