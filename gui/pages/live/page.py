"""The Live page: the picture with its overlay, the verdict, the counts, the last defects, and the operator's word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, Signal

from engine import events
from engine.domain.inspection import Inspection, Outcome, Verdict
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.line import Line
from gui.page import Binding
from gui.pages.live.change import ChangeOver
from gui.pages.live.counts import CountsOnScreen
from gui.pages.live.film import FilmList
from gui.pages.live.judged_for.acts import JudgedFor
from gui.pages.live.keys import Act, act_bindings, other_bindings, tool_bindings
from gui.pages.live.look import LiveLook, fetch
from gui.pages.live.picture import ShownPicture
from gui.pages.live.presenter import LivePresenter, Run
from gui.pages.live.screen import LiveScreen
from gui.pages.live.words import LiveWords
from gui.users.operators import ask_operator

COUNT_DOWN_MS = 250


class LivePage(LiveScreen):
    """Fed by the window (`follow`, `show_picture`); acts on the line and on the part last shown or looked at."""

    fullScreen = Signal()
    kiosk = Signal()

    def __init__(self, context: AppContext, line: Line, snapshots: Path) -> None:
        self._context, self._line = context, line
        acts = self._acts()
        self._tools, self._buttons, self._others = tool_bindings(acts), act_bindings(acts), other_bindings(acts)
        super().__init__(context, line.traveller, self._tools, self._buttons, self._others)
        self.words, self.picture = LiveWords(context, self), ShownPicture(context, self, snapshots)
        self.counts = CountsOnScreen(context, line, self)
        self.judged_for = JudgedFor(context, line, self, self)
        self.change = ChangeOver(context, line, self.strip.recipe)
        self.list = FilmList(context, self)
        self.presenter = LivePresenter(self, self.words, line, lambda: context.package, self._fetch)
        self._countdown = QTimer(self, interval=COUNT_DOWN_MS)
        self._countdown.timeout.connect(self.presenter.show_lost)
        self._connect()
        self.presenter.line_is(line.state)
        self.drift_bar.show_level(*line.imaging)
        self._alarmed()

    # ── the page's contract ──────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """The page is on screen."""
        self.judged_for.look()
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
        return self.presenter.target

    def mark_target(self) -> None:
        """A key went down: what is on screen now is what it is about."""
        self.presenter.mark_target()

    def follow(self, batch: list[events.StationEvent]) -> None:
        """Everything the station published since the last tick."""
        self.counts.add([e.inspection for e in batch if isinstance(e, events.Inspected)])
        self.presenter.follow(batch)

    def show_picture(self, picture: events.Picture) -> None:
        """The newest picture."""
        self.presenter.show_picture(picture)

    def scan_part(self, number: str) -> None:
        """A scanner read a part's number, or a recipe's code."""
        self.change.scanned(number)

    @property
    def busy(self) -> bool:
        """True while Esc has something to do here."""
        return self.picker.isVisible() or self.presenter.looking or self.strip.typing

    def back(self) -> None:
        """Esc: close the picker, stop looking, or give the keys back from a text field."""
        if self.picker.isVisible():
            self.picker.dismiss()
        elif self.strip.typing:
            self.view.setFocus()
        elif self.presenter.looking:
            self.presenter.back_to_live()

    # ── what the presenter asks of it ────────────────────────────────────────────────────────────────────────────
    def show_look(self, look: LiveLook, note: str) -> None:
        """Put a part on screen, with what was said of it."""
        self.view.set_picture(look.pixels)
        self.view.set_regions(look.inspection.marks)
        self.picture.lay(look.map, look.heat_box)
        self.say_verdict(look.inspection.verdict, note)

    def say_verdict(self, verdict: Verdict, note: str = "") -> None:
        """This verdict, large."""
        self.banner.set_verdict(verdict, note)

    def grey(self, greyed: bool) -> None:
        """The picture without its colour: it is of the past."""
        self.view.set_greyed(greyed)

    def tell(self, text: str) -> None:
        """What was just done."""
        self.aside.tell(text)

    def add_part(self, event: events.Inspected) -> None:
        """One part more in the trend and in the film strip."""
        self.trend.add(event.inspection.verdict.outcome)
        self.film.add(event.inspection, event.thumbnail)

    def in_film(self, inspection_id: str) -> Inspection | None:
        """The part of the film strip with this id."""
        return next((p.inspection for p in self.film.parts if p.inspection.id == inspection_id), None)

    def select_film(self, inspection_id: str) -> None:
        """Mark one of the film strip; empty = none."""
        self.film.select(inspection_id)

    def mark_film(self, inspection_id: str, said: Outcome | None) -> None:
        """What was said of a part stands in the film strip too."""
        self.film.mark(inspection_id, said)

    def open_look(self, part: str) -> None:
        """The picture is of the past: a bar says so, and a frame."""
        self.look_bar.tell(part)
        self.set_frame("look")

    def close_look(self) -> None:
        """The picture is of now again."""
        self.look_bar.hide()
        self.set_frame("picture")

    def show_run(self, run: Run) -> None:
        """How the line's state shows."""
        self.acts.set_text("run", run.text)
        self.acts.set_icon("run", run.symbol)
        self.acts.buttons["run"].setEnabled(run.may_run)
        self.acts.buttons["stop"].setEnabled(run.may_stop)
        self.strip.set_recording(run.recording)
        self.view.set_empty_text(run.empty)

    def count_down(self, on: bool) -> None:
        """Say again and again how long a lost source is still waited for."""
        if on:
            self._countdown.start()
        else:
            self._countdown.stop()

    def ask_which(self, part: str, labels: Sequence[str]) -> None:
        """Which class is it?"""
        self.picker.ask(part, labels)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _acts(self) -> dict[str, Act]:
        """Name of a button or key → what it does; called later only, when there are widgets."""
        return {
            "ok": lambda: self.presenter.say_ok(),
            "ng": lambda: self.presenter.ask_class(),
            "review": lambda: self.presenter.say_review(),
            "undo": lambda: self.words.undo(),
            "run": self._line.toggle,
            "stop": self._line.stop,
            "trigger": lambda: self.presenter.fire(),
            "overlay": lambda: self.picture.next_style(),
            "stronger": lambda: self.picture.stronger(),
            "lighter": lambda: self.picture.lighter(),
            "plus": lambda: self.view.zoom_by(1.25),
            "minus": lambda: self.view.zoom_by(0.8),
            "fit": lambda: self.view.fit(),
            "parts": self._show_every,
            "snapshot": lambda: self.picture.save(self.presenter.look),
            "fullscreen": lambda: self.fullScreen.emit(),
            "kiosk": lambda: self.kiosk.emit(),
            "acknowledge": self._line.alarms.acknowledge,
            "count": lambda: self.counts.switch(),
            "setup": lambda: self.judged_for.switch(),
            "recipe": lambda: self.change.ask(),
            "teach": lambda: self._context.pageAsked.emit("teach-in"),
            "lot": lambda: self.strip.edit(self.strip.lot),
            "part": lambda: self.strip.edit(self.strip.part),
            "operator": self._ask_operator,
            "newer": lambda: self.presenter.look_at(self.film.neighbour(-1)),
            "older": lambda: self.presenter.look_at(self.film.neighbour(1)),
            "leave": lambda: self.presenter.back_to_live(),
        }

    def _connect(self) -> None:
        presenter, line = self.presenter, self._line
        line.stateChanged.connect(self._state_changed)
        line.trigger.changed.connect(self._triggered)
        line.imagingChanged.connect(self.drift_bar.show_level)
        line.alarms.changed.connect(self._alarmed)
        self._context.operatorChanged.connect(self._operator_changed)
        self._context.partsRemoved.connect(self.presenter.parts_left)
        self.strip.recipeAsked.connect(self.change.ask)
        self.strip.operatorAsked.connect(self._ask_operator)
        self.choose.asked.connect(self.judged_for.choose)
        self.change.partScanned.connect(self._part_scanned)
        self.film.chosen.connect(presenter.look_at)
        self.picker.picked.connect(presenter.picked)
        self.words.said.connect(presenter.heard)
        self.words.unsaid.connect(presenter.took_back)
        self.words.nothing.connect(self._nothing_said)

    def _state_changed(self, state: str) -> None:
        self.presenter.line_is(state)

    def _triggered(self, mode: str) -> None:
        self.presenter.triggered_by(mode)

    def _alarmed(self) -> None:
        self.alarm_bar.show_alarms(self._line.alarms.waiting)

    def _fetch(self, part: Inspection, done: Callable[[LiveLook], None]) -> None:
        context, recipe = self._context, self._context.recipe
        context.jobs.run(lambda: fetch(context.db, context.archive, context.recorder, part, recipe), done)

    # ── small acts ───────────────────────────────────────────────────────────────────────────────────────────────
    def _nothing_said(self) -> None:
        self.aside.tell(translate("Live", "There is nothing to take back."))

    def _show_every(self) -> None:
        """The film strip: all parts, or only those that were not OK."""
        if self.presenter.looking:
            self.presenter.back_to_live()
        self.list.switch()

    def _part_scanned(self, number: str) -> None:
        self.strip.set_part(number)
        self.aside.tell(translate("Live", "Part {number} was scanned.").format(number=number))

    def _ask_operator(self) -> None:
        ask_operator(self._context, self)

    def _operator_changed(self, name: str) -> None:
        self.aside.tell(translate("Live", "{name} works here from now on.").format(name=name))
