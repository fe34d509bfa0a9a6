"""The Live page: the picture with its overlay, the verdict, the counts, the last defects, and the operator's word."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QTimer, Signal

from engine import events
from engine.domain.inspection import Inspection, Outcome, Override, utc_now
from engine.images.depth import shown
from engine.verdicts.verdict import no_verdict
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.line import line as states
from gui.line.alarms import part_name
from gui.line.line import Line
from gui.page import Binding
from gui.pages.live.change import ChangeOver
from gui.pages.live.counts import CountsOnScreen
from gui.pages.live.film import FilmList
from gui.pages.live.keys import Act, act_bindings, other_bindings, tool_bindings
from gui.pages.live.look import Look, fetch, save_snapshot
from gui.pages.live.overlay import Overlay
from gui.pages.live.screen import LiveScreen
from gui.pages.live.words import Words, word_of
from gui.users.operators import ask_operator
from gui.viewer.overlays import drawn_picture

MARK_SECONDS = 0.3


class LivePage(LiveScreen):
    """Fed by the window (`follow`, `show_picture`); acts on the line and on the part last shown or looked at."""

    fullScreen = Signal()
    kiosk = Signal()

    def __init__(self, context: AppContext, line: Line, snapshots: Path) -> None:
        self._context, self._line, self._snapshots = context, line, snapshots
        acts = self._acts()
        self._tools, self._buttons, self._others = tool_bindings(acts), act_bindings(acts), other_bindings(acts)
        super().__init__(context, line.traveller, self._tools, self._buttons, self._others)
        self.words, self.overlay = Words(context, self), Overlay(context, self)
        self.counts = CountsOnScreen(context, line, self)
        self.change = ChangeOver(context, line, self.strip.recipe)
        self.list = FilmList(context, self)
        self._live: Look | None = None
        self._looked: Look | None = None
        self._wanted = ""
        self._mark: tuple[Inspection | None, float] = (None, 0.0)
        self._asked: Inspection | None = None
        self._doubt: Inspection | None = None
        """The last NO VERDICT."""
        self._retry_at, self._lost = 0.0, ""
        self._countdown = QTimer(self)
        self._countdown.setInterval(250)
        self._countdown.timeout.connect(self._show_lost)
        self._connect()
        self._state_changed(line.state)
        self.drift_bar.show_level(*line.imaging)
        self._alarmed()

    # ── the page's contract ──────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """The page is on screen."""
        self.view.setFocus()

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return ""

    def close_page(self) -> None:
        """No more timers."""
        self._countdown.stop()
        self.list.stop()
        self.counts.stop()

    def keys(self) -> list[Binding]:
        """Every key of the page."""
        run = translate("Live", "Start, pause, go on")
        acts = self._buttons | {"run": Binding("Space", run, self._line.toggle)}
        # Full screen and kiosk are the window's own keys, as Esc is; here they only have their buttons.
        tools = [binding for name, binding in self._tools if name not in ("fullscreen", "kiosk")]
        others = [binding for name, binding in self._others.items() if name != "leave"]
        return [*acts.values(), *tools, *others]

    # ── fed by the window ────────────────────────────────────────────────────────────────────────────────────────
    @property
    def target(self) -> Inspection | None:
        """The part a word is about: the one looked at, else the one on screen."""
        look = self._looked or self._live
        return look.inspection if look else None

    def mark_target(self) -> None:
        """A key went down: what is on screen now is what it is about, even if the key acts a moment later."""
        self._mark = (self.target, time.monotonic())

    def follow(self, batch: list[events.StationEvent]) -> None:
        """Everything the station published since the last tick."""
        self.counts.add([e.inspection for e in batch if isinstance(e, events.Inspected)])
        for event in batch:
            if isinstance(event, events.Inspected):
                self._take(event)
            elif isinstance(event, events.Lost):
                self._lost, self._retry_at = translated(event.reason), time.monotonic() + event.retry_s
                self._countdown.start()
                self._show_lost()
            elif isinstance(event, events.Started | events.Recovered):
                self._countdown.stop()
                self._lost = ""

    def show_picture(self, picture: events.Picture) -> None:
        """The newest picture."""
        pixels = shown(picture.frame.pixels, picture.inspection.frame)
        self._live = Look(picture.inspection, pixels, picture.heat, heat_box=picture.heat_box)
        if self._looked is None:
            self._show_live()

    def scan_part(self, number: str) -> None:
        """A scanner read a part's number, or a recipe's code."""
        self.change.scanned(number)

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def say_ok(self) -> None:
        """It is OK."""
        package = self._context.package
        sound = package.manifest.ok_classes if package else ()
        self._say(self._about(), Outcome.OK, sound[0] if sound else "")

    def ask_class(self) -> None:
        """It is NG: which class? One more key says it."""
        part = self._about()
        if part is None:
            self.aside.tell(translate("Live", "There is no part on screen yet."))
            return
        self._asked = part
        manifest = self._context.package.manifest if self._context.package else None
        defects = [n for n in manifest.class_names if n not in manifest.ok_classes] if manifest else []
        self.picker.ask(part_name(part), tuple(dict.fromkeys([*defects, *self.words.labels])))

    def say_review(self) -> None:
        """Somebody else shall look."""
        self._say(self._about(), Outcome.REVIEW, "")

    def look_at(self, inspection_id: str) -> None:
        """Take one part of the film strip out for a look; the line runs on."""
        part = next((p.inspection for p in self.film.parts if p.inspection.id == inspection_id), None)
        if part is None:
            return
        self._wanted = inspection_id
        self.film.select(inspection_id)
        context, recipe = self._context, self._context.recipe
        self._context.jobs.run(
            lambda: fetch(context.db, context.archive, context.recorder, part, recipe), self._looking
        )

    @property
    def busy(self) -> bool:
        """True while Esc has something to do here."""
        return self.picker.isVisible() or bool(self._wanted) or self.strip.typing

    def back(self) -> None:
        """Esc: close the picker, stop looking, or give the keys back from a text field."""
        if self.picker.isVisible():
            self.picker.dismiss()
        elif self.strip.typing:
            self.view.setFocus()
        elif self._wanted:
            self._back_to_live()

    def snapshot(self) -> None:
        """What is on screen as a file."""
        look = self._looked or self._live
        if look is None:
            self.aside.tell(translate("Live", "There is no picture to save yet."))
            return
        folder, style, opacity = self._snapshots, self.view.overlay_style, self.view.opacity
        package, seen, regions = self._context.package, look.inspection, look.inspection.regions
        self._context.jobs.run(
            lambda: save_snapshot(
                folder,
                drawn_picture(look.pixels, look.heat, regions, (style, opacity), package, look.heat_box),
                seen,
                utc_now(),
            ),
            self._saved,
        )

    def _saved(self, path: Path) -> None:
        self._context.notify("info", translate("Live", "The picture was saved as {path}.").format(path=path))

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _acts(self) -> dict[str, Act]:
        """Name of a button or key → what it does; called later only, when there are widgets."""
        return {
            "ok": self.say_ok,
            "ng": self.ask_class,
            "review": self.say_review,
            "undo": lambda: self.words.undo(),
            "run": self._line.toggle,
            "stop": self._line.stop,
            "trigger": self._fire,
            "overlay": lambda: self.overlay.next_style(),
            "stronger": lambda: self.overlay.stronger(),
            "lighter": lambda: self.overlay.lighter(),
            "plus": lambda: self.view.zoom_by(1.25),
            "minus": lambda: self.view.zoom_by(0.8),
            "fit": lambda: self.view.fit(),
            "parts": self._show_every,
            "snapshot": self.snapshot,
            "fullscreen": lambda: self.fullScreen.emit(),
            "kiosk": lambda: self.kiosk.emit(),
            "acknowledge": self._line.alarms.acknowledge,
            "count": lambda: self.counts.switch(),
            "recipe": lambda: self.change.ask(),
            "lot": lambda: self.strip.edit(self.strip.lot),
            "part": lambda: self.strip.edit(self.strip.part),
            "operator": self._ask_operator,
            "newer": lambda: self._step(-1),
            "older": lambda: self._step(1),
            "leave": self._back_to_live,
        }

    def _connect(self) -> None:
        self._line.stateChanged.connect(self._state_changed)
        self._line.triggerChanged.connect(self._triggered)
        self._line.imagingChanged.connect(self.drift_bar.show_level)
        self._line.alarms.changed.connect(self._alarmed)
        self._context.operatorChanged.connect(self._operator_changed)
        self.strip.recipeAsked.connect(self.change.ask)
        self.strip.operatorAsked.connect(self._ask_operator)
        self.change.partScanned.connect(self._part_scanned)
        self.film.chosen.connect(self.look_at)
        self.picker.picked.connect(self._picked)
        self.words.said.connect(self._heard)
        self.words.unsaid.connect(self._took_back)
        self.words.nothing.connect(self._nothing_said)

    def _alarmed(self) -> None:
        self.alarm_bar.show_alarms(self._line.alarms.waiting)

    def _triggered(self, mode: str) -> None:
        self.show_trigger(mode == "software")

    def _picked(self, label: str) -> None:
        self._say(self._asked, Outcome.NG, label)

    def _nothing_said(self) -> None:
        self.aside.tell(translate("Live", "There is nothing to take back."))

    # ── on screen ────────────────────────────────────────────────────────────────────────────────────────────────
    def _display(self, look: Look) -> None:
        self.view.set_picture(look.pixels)
        self.view.set_regions(look.inspection.regions)
        self.overlay.lay(look.heat, look.heat_box)
        self.banner.set_verdict(look.inspection.verdict, self.words.note_of(look.inspection.id))

    def _show_live(self) -> None:
        """The newest picture; greyed and without its verdict where something newer went wrong."""
        if self._live is None:
            return
        doubt = self._doubt
        past = self._line.state in (states.LOST, states.FAILED)
        newer = doubt is not None and doubt.times.inspected_at > self._live.inspection.times.inspected_at
        self._display(self._live)
        self.view.set_greyed(past or newer)
        if past:
            self._show_trouble(self._line.state)
        elif doubt is not None and newer:
            self.banner.set_verdict(doubt.verdict)

    def _take(self, event: events.Inspected) -> None:
        outcome = event.inspection.verdict.outcome
        self.trend.add(outcome)
        self.film.add(event.inspection, event.thumbnail)
        if outcome is Outcome.NO_VERDICT:
            # No picture may come with it (a lost camera, an unreadable file): what is on screen is of the past.
            self._doubt = event.inspection
            if self._looked is None:
                self.view.set_greyed(True)
                self.banner.set_verdict(event.inspection.verdict)

    def _show_lost(self) -> None:
        if self._looked is not None or not self._lost:
            return
        left = max(0.0, self._retry_at - time.monotonic())
        wait = translate("Live", "trying again now")
        if left >= 0.5:
            wait = translate("Live", "next try in {seconds} s").format(seconds=round(left))
        self.view.set_greyed(True)
        self.banner.set_verdict(no_verdict(self._lost), wait)

    def _state_changed(self, state: str) -> None:
        pause, on = translate("Live", "Pause"), translate("Live", "Go on")
        words = {states.RUNNING: (pause, "pause"), states.PAUSED: (on, "play"), states.LOST: (pause, "pause")}
        start = translate("Live", "Start again") if state == states.FAILED else translate("Live", "Start")
        text, symbol = words.get(state, (start, "play"))
        self.acts.set_text("run", text)
        self.acts.set_icon("run", symbol)
        self.acts.buttons["run"].setEnabled(state not in (states.LOADING, states.LOST))
        self.acts.buttons["stop"].setEnabled(state in states.LIVE_STATES)
        self.strip.set_recording(state == states.RUNNING)
        ready, none = translate("Live", "Getting ready…"), translate("Live", "No picture yet. Space starts.")
        self.view.set_empty_text(ready if state == states.LOADING else none)
        if state in (states.FAILED, states.STOPPED):
            self._countdown.stop()
        if self._looked is None:
            self._show_trouble(state)

    def _show_trouble(self, state: str) -> None:
        if state == states.FAILED:
            self.view.set_greyed(True)
            self.banner.set_verdict(no_verdict(translate("Live", "the station stopped; Space starts it again")))
        elif state == states.LOST:
            self._show_lost()

    def _looking(self, look: Look) -> None:
        if look.inspection.id != self._wanted:
            return
        self._looked = look
        if look.said is not None:
            self.words.know(look.said)
        self.look_bar.tell(part_name(look.inspection))
        self.set_frame("look")
        self.view.set_greyed(False)
        self._display(look)

    def _back_to_live(self) -> None:
        self._wanted, self._looked = "", None
        self.film.select("")
        self.look_bar.hide()
        self.set_frame("picture")
        self._show_live()

    # ── words ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _about(self) -> Inspection | None:
        """The part on screen when the key went down; a click means the one on screen now."""
        marked, at = self._mark
        self._mark = (None, 0.0)
        return marked if marked is not None and time.monotonic() - at < MARK_SECONDS else self.target

    def _say(self, part: Inspection | None, outcome: Outcome, label: str) -> None:
        if part is None:
            self.aside.tell(translate("Live", "There is no part on screen yet."))
        else:
            self.words.say(part, outcome, label)

    def _heard(self, said: Override) -> None:
        self.film.mark(said.inspection_id, said.outcome)
        self._redraw_words(said.inspection_id)
        stored = translate("Live", "Stored: {words}. Ctrl+Z takes it back.")
        self.aside.tell(stored.format(words=word_of(said)))

    def _took_back(self, undone: Override, now: Override | None) -> None:
        self.film.mark(undone.inspection_id, now.outcome if now else None)
        self._redraw_words(undone.inspection_id)
        self.aside.tell(translate("Live", "Your last word was taken back; both are kept in the history."))

    def _redraw_words(self, inspection_id: str) -> None:
        look = self._looked or self._live
        if look is not None and look.inspection.id == inspection_id:
            self.banner.set_verdict(look.inspection.verdict, self.words.note_of(inspection_id))

    def _fire(self) -> None:
        """Have the camera take a picture, where it waits for that."""
        if self.acts.buttons["trigger"].isHidden():
            self.aside.tell(translate("Live", "The camera is not set to a software trigger."))
        else:
            self._line.trigger()

    # ── small acts ───────────────────────────────────────────────────────────────────────────────────────────────
    def _step(self, step: int) -> None:
        self.look_at(self.film.neighbour(step))

    def _show_every(self) -> None:
        """The film strip: all parts, or only those that were not OK."""
        if self._wanted:
            self._back_to_live()
        self.list.switch()

    # ── what goes with the parts ─────────────────────────────────────────────────────────────────────────────────
    def _part_scanned(self, number: str) -> None:
        self.strip.set_part(number)
        self.aside.tell(translate("Live", "Part {number} was scanned.").format(number=number))

    def _ask_operator(self) -> None:
        ask_operator(self._context, self)

    def _operator_changed(self, name: str) -> None:
        self.aside.tell(translate("Live", "{name} works here from now on.").format(name=name))
