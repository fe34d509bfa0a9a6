"""What stands on the Live page and whom a word is about: the newest part, or one of the past. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from engine import events
from engine.domain.inspection import Inspection, Origin, Outcome, Override, Verdict
from engine.images.depth import shown
from engine.packages.package import ModelPackage
from engine.verdicts.verdict import no_verdict
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.line import line as states
from gui.line.alarms import part_name
from gui.line.line import Line
from gui.pages.live.look import LiveLook
from gui.pages.live.words import LiveWords, word_of

MARK_SECONDS = 0.3
"""A key acts on what was on screen when it went down, so long."""
SOON_S = 0.5


class Run(NamedTuple):
    """How the line's state shows in the buttons and in an empty picture."""

    text: str
    symbol: str
    may_run: bool
    may_stop: bool
    recording: bool
    empty: str


class View(Protocol):
    """The page, as its presenter sees it."""

    def show_look(self, look: LiveLook, note: str) -> None: ...
    def say_verdict(self, verdict: Verdict, note: str = "") -> None: ...
    def grey(self, greyed: bool) -> None: ...
    def tell(self, text: str) -> None: ...
    def add_part(self, event: events.Inspected) -> None: ...
    def in_film(self, inspection_id: str) -> Inspection | None: ...
    def select_film(self, inspection_id: str) -> None: ...
    def mark_film(self, inspection_id: str, said: Outcome | None) -> None: ...
    def open_look(self, part: str) -> None: ...
    def close_look(self) -> None: ...
    def show_run(self, run: Run) -> None: ...
    def show_trigger(self, shown: bool) -> None: ...
    def count_down(self, on: bool) -> None: ...
    def ask_which(self, part: str, labels: Sequence[str]) -> None: ...


Fetch = Callable[[Inspection, Callable[[LiveLook], None]], object]
"""Get a part's picture and call back with it."""


class LivePresenter:
    """A look at a part of the past does not stop the line; what comes meanwhile is on screen when it is over."""

    def __init__(
        self,
        view: View,
        words: LiveWords,
        line: Line,
        package: Callable[[], ModelPackage | None],
        fetch: Fetch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._view, self._words, self._line, self._package = view, words, line, package
        self._fetch, self._clock = fetch, clock
        self._live: LiveLook | None = None
        self._looked: LiveLook | None = None
        self._wanted = ""
        self._mark: tuple[Inspection | None, float] = (None, 0.0)
        self._asked: Inspection | None = None
        self._doubt: Inspection | None = None
        """The last NO VERDICT."""
        self._retry_at, self._lost = 0.0, ""
        self._software = False

    # ── which part it is ─────────────────────────────────────────────────────────────────────────────────────────
    @property
    def look(self) -> LiveLook | None:
        """What is on screen: the part looked at, else the newest picture."""
        return self._looked or self._live

    @property
    def target(self) -> Inspection | None:
        """The part a word is about."""
        return self.look.inspection if self.look else None

    @property
    def looking(self) -> bool:
        """Whether a part of the past was asked for."""
        return bool(self._wanted)

    def mark_target(self) -> None:
        """A key went down: what is on screen now is what it is about, even if the key acts a moment later."""
        self._mark = (self.target, self._clock())

    def _about(self) -> Inspection | None:
        """The part on screen when the key went down; a click means the one on screen now."""
        marked, at = self._mark
        self._mark = (None, 0.0)
        return marked if marked is not None and self._clock() - at < MARK_SECONDS else self.target

    # ── what the line says ───────────────────────────────────────────────────────────────────────────────────────
    def follow(self, batch: Sequence[events.StationEvent]) -> None:
        """Everything the station published since the last tick."""
        for event in batch:
            if isinstance(event, events.Inspected):
                self._take(event)
            elif isinstance(event, events.Lost):
                self._lost, self._retry_at = translated(event.reason), self._clock() + event.retry_s
                self._view.count_down(True)
                self.show_lost()
            elif isinstance(event, events.Started | events.Recovered):
                self._view.count_down(False)
                self._lost = ""

    def show_picture(self, picture: events.Picture) -> None:
        """The newest picture."""
        pixels = shown(picture.frame.pixels, picture.inspection.frame)
        self._live = LiveLook(picture.inspection, pixels, picture.heat, heat_box=picture.heat_box)
        if self._looked is None:
            self._show_live()

    def line_is(self, state: str) -> None:
        """Running, Paused, Stopped, Lost, Failed or Loading."""
        self._view.show_run(_run(state))
        if state in (states.FAILED, states.STOPPED):
            self._view.count_down(False)
        if self._looked is None:
            self._show_trouble(state)

    def triggered_by(self, mode: str) -> None:
        """How the camera is triggered now."""
        self._software = mode == "software"
        self._view.show_trigger(self._software)

    def fire(self) -> None:
        """Have the camera take a picture, where it waits for that."""
        if self._software:
            self._line.trigger.fire()
        else:
            self._view.tell(translate("Live", "The camera is not set to a software trigger."))

    def show_lost(self) -> None:
        """That the source is lost, and for how long still."""
        if self._looked is not None or not self._lost:
            return
        left = max(0.0, self._retry_at - self._clock())
        wait = translate("Live", "trying again now")
        if left >= SOON_S:
            wait = translate("Live", "next try in {seconds} s").format(seconds=round(left))
        self._view.grey(True)
        self._view.say_verdict(no_verdict(self._lost), wait)

    def _take(self, event: events.Inspected) -> None:
        self._view.add_part(event)
        if event.inspection.verdict.outcome is Outcome.NO_VERDICT:
            # No picture may come with it (a lost camera, an unreadable file): what is on screen is of the past.
            self._doubt = event.inspection
            if self._looked is None:
                self._view.grey(True)
                self._view.say_verdict(event.inspection.verdict)

    def _show_live(self) -> None:
        """The newest picture; greyed and without its verdict where something newer went wrong."""
        if self._live is None:
            return
        doubt = self._doubt
        past = self._line.state in (states.LOST, states.FAILED)
        newer = doubt is not None and doubt.times.inspected_at > self._live.inspection.times.inspected_at
        self._view.show_look(self._live, self._words.note_of(self._live.inspection.id))
        self._view.grey(past or newer)
        if past:
            self._show_trouble(self._line.state)
        elif doubt is not None and newer:
            self._view.say_verdict(doubt.verdict)

    def _show_trouble(self, state: str) -> None:
        if state == states.FAILED:
            self._view.grey(True)
            self._view.say_verdict(no_verdict(translate("Live", "the station stopped; Space starts it again")))
        elif state == states.LOST:
            self.show_lost()

    # ── a look at the past ───────────────────────────────────────────────────────────────────────────────────────
    def look_at(self, inspection_id: str) -> None:
        """Take one part of the film strip out for a look; the line runs on."""
        part = self._view.in_film(inspection_id)
        if part is not None:
            self._wanted = inspection_id
            self._view.select_film(inspection_id)
            self._fetch(part, self._fetched)

    def parts_left(self) -> None:
        """Simulated parts left the database: no look at one of them any more."""
        looked = self._looked
        if looked is not None and looked.inspection.traveller.origin is Origin.SIMULATED:
            self.back_to_live()

    def back_to_live(self) -> None:
        """The newest picture again."""
        self._wanted, self._looked = "", None
        self._view.select_film("")
        self._view.close_look()
        self._show_live()

    def _fetched(self, look: LiveLook) -> None:
        if look.inspection.id != self._wanted:
            return
        self._looked = look
        if look.said is not None:
            self._words.know(look.said)
        self._view.open_look(part_name(look.inspection))
        self._view.grey(False)
        self._view.show_look(look, self._words.note_of(look.inspection.id))

    # ── words ────────────────────────────────────────────────────────────────────────────────────────────────────
    def say_ok(self) -> None:
        """It is OK."""
        package = self._package()
        sound = package.manifest.ok_classes if package else ()
        self._say(self._about(), Outcome.OK, sound[0] if sound else "")

    def say_review(self) -> None:
        """Somebody else shall look."""
        self._say(self._about(), Outcome.REVIEW, "")

    def ask_class(self) -> None:
        """It is NG: which class? One more key says it."""
        part = self._about()
        if part is None:
            self._view.tell(translate("Live", "There is no part on screen yet."))
            return
        self._asked = part
        package = self._package()
        manifest = package.manifest if package else None
        defects = [n for n in manifest.class_names if n not in manifest.ok_classes] if manifest else []
        self._view.ask_which(part_name(part), tuple(dict.fromkeys([*defects, *self._words.labels])))

    def picked(self, label: str) -> None:
        """The class of the part that was asked about, whatever is on screen by now."""
        self._say(self._asked, Outcome.NG, label)

    def heard(self, said: Override) -> None:
        """A word is stored."""
        self._view.mark_film(said.inspection_id, said.outcome)
        self._say_again(said.inspection_id)
        stored = translate("Live", "Stored: {words}. Ctrl+Z takes it back.")
        self._view.tell(stored.format(words=word_of(said)))

    def took_back(self, undone: Override, now: Override | None) -> None:
        """A word is taken back; `now` is in force instead."""
        self._view.mark_film(undone.inspection_id, now.outcome if now else None)
        self._say_again(undone.inspection_id)
        self._view.tell(translate("Live", "Your last word was taken back; both are kept in the history."))

    def _say(self, part: Inspection | None, outcome: Outcome, label: str) -> None:
        if part is None:
            self._view.tell(translate("Live", "There is no part on screen yet."))
        else:
            self._words.say(part, outcome, label)

    def _say_again(self, inspection_id: str) -> None:
        part = self.target
        if part is not None and part.id == inspection_id:
            self._view.say_verdict(part.verdict, self._words.note_of(inspection_id))


def _run(state: str) -> Run:
    pause, on = translate("Live", "Pause"), translate("Live", "Go on")
    words = {states.RUNNING: (pause, "pause"), states.PAUSED: (on, "play"), states.LOST: (pause, "pause")}
    start = translate("Live", "Start again") if state == states.FAILED else translate("Live", "Start")
    ready, none = translate("Live", "Getting ready…"), translate("Live", "No picture yet. Space starts.")
    return Run(
        *words.get(state, (start, "play")),
        may_run=state not in (states.LOADING, states.LOST),
        may_stop=state in states.LIVE_STATES,
        recording=state == states.RUNNING,
        empty=ready if state == states.LOADING else none,
    )
