"""Teach-in: a first model for a new product, from the live picture. Collect OK and NG parts, train, try, accept.

Nothing is judged or recorded by it: the line runs on with its active model until a person accepts the new one. A line
that is started from here is a trial.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QHideEvent, QShowEvent

from db.datasets.collection import safe_name
from db.models.registry import ModelVersion
from engine.domain.inspection import Inspection, Origin
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.sources import source_words
from gui.line import line as states
from gui.line.feed import Feed, Seen
from gui.line.judged_for import toggle_trial
from gui.line.line import Line
from gui.page import Binding
from gui.pages.teach_in.accept import Accepting
from gui.pages.teach_in.collect.stock import MEMORY, Stockroom
from gui.pages.teach_in.collect.taking import Taking
from gui.pages.teach_in.collect.view import DIGITS
from gui.pages.teach_in.screen import TeachInScreen
from gui.pages.teach_in.train import Training
from gui.pages.teach_in.trial.trying import Trying

SOURCE, COLLECT, TRAIN, TRY = range(4)


class TeachInPage(TeachInScreen):
    """`mark_target` when a key goes down, `busy` and `back` for Esc, as the Live page has them."""

    def __init__(self, context: AppContext, line: Line) -> None:
        super().__init__(context.theme)
        self._context, self._line, self._run = context, line, partial(toggle_trial, context, line)
        self.room = Stockroom(context, self)
        self.feed = Feed(context.jobs, line.options.open, self)
        self.training = Training(context, self)
        self.trying = Trying(context, line, self.trying_view, self)
        self.accepting = Accepting(context, line, self)
        self.accepting.accepted.connect(self._accepted)
        self.taking = Taking(context, self.collecting, self.room, lambda: self.at == 0, self)
        self._connect()
        self._show_steps()
        self._line_changed(line.state)
        self._candidate = str(context.memory(MEMORY).get("candidate") or "")
        """Of the last time: looked for once the collection is read."""
        self.room.open()

    @property
    def step(self) -> int:
        """SOURCE, COLLECT, TRAIN or TRY."""
        return (SOURCE if self.taking.seen is None else COLLECT) if self.at == 0 else TRAIN if self.at == 1 else TRY

    # ── the page protocol ────────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """On screen: look at the line."""
        self._resume()
        self.collecting.view.setFocus()

    def keys(self) -> list[Binding]:
        """Every key of the page."""
        taking = self.taking
        digits = [
            Binding(digit, translate("TeachIn", "It is NG, of this class"), taking.digit(place))
            for place, digit in enumerate(DIGITS, start=1)
        ]
        return [
            Binding("O", translate("TeachIn", "Take this part as OK"), taking.take_ok),
            Binding("N", translate("TeachIn", "Take this part as NG…"), taking.ask_class),
            *digits,
            Binding("Ctrl+Z", translate("TeachIn", "Take back the last act"), taking.undo),
            Binding("Delete", translate("TeachIn", "Delete the chosen picture"), taking.delete),
            Binding("K", translate("TeachIn", "Take as OK by itself"), self.collecting.auto.toggle),
            Binding("Space", translate("TeachIn", "Start or pause the line"), self._run),
            Binding("S", translate("TeachIn", "Choose another source"), self._other_source),
            Binding("T", translate("TeachIn", "Train a model from the pictures"), self.train),
            Binding("C", translate("TeachIn", "Cancel the training"), self._cancel),
            Binding("G", translate("TeachIn", "Collect more pictures"), self.collect_more),
            Binding("A", translate("TeachIn", "Accept the new model"), self.ask_accept),
            Binding("Backspace", translate("TeachIn", "Leave the question; back"), self.back),
        ]

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return translate("TeachIn", "A model is being trained.") if self.training.busy else ""

    def close_page(self) -> None:
        """Let go of the line's pictures, the trial and the trainer."""
        self._pause()
        self.training.close()

    def mark_target(self) -> None:
        """A key went down: what is on screen now is what it is about."""
        self.taking.mark()

    @property
    def busy(self) -> bool:
        """Whether Esc has something to do here."""
        return self.taking.asked is not None

    def back(self) -> None:
        """Leave the question, else go back: to collecting, then to Live."""
        if self.taking.asked is not None:
            self.taking.ask(None)
        elif self.at and not self.training.busy:
            self.collect_more()
        else:
            self._context.pageAsked.emit("live")

    def showEvent(self, event: QShowEvent) -> None:
        """Back on screen."""
        super().showEvent(event)
        self._resume()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks; a training goes on."""
        super().hideEvent(event)
        self._pause()

    # ── training, trying, accepting ──────────────────────────────────────────────────────────────────────────────
    def train(self) -> None:
        """Train on what is collected."""
        if self.training.busy or self.at == 2:
            return
        if not self.room.stock.enough:
            self.taking.tell(self.collecting.lack.text())
            return
        self.taking.ask(None)
        self.collecting.auto.setChecked(False)
        self.training_view.begin()
        self._go(1)
        self.training.start(self.room.name, self.room.stock)

    def collect_more(self) -> None:
        """Back to collecting; the candidate stays in the list of models."""
        if self.at and not self.training.busy:
            self._decided()

    def ask_accept(self) -> None:
        """Why this model from now on?"""
        model = self.trying.candidate
        if model is None or self.at != 2:
            return
        if self.trying.tried:
            self.accepting.ask(model, self.room.name)
        else:
            self._context.notify("info", self.trying_view.accept.toolTip())

    def _accepted(self) -> None:
        self._decided()
        self._context.pageAsked.emit("live")

    def _decided(self) -> None:
        self.trying.stop()
        self._context.remember(MEMORY, candidate="")
        self._go(0)

    def _cancel(self) -> None:
        if self.training.busy:
            self.training.cancel()
            self.training_view.status.setText(translate("TeachIn", "Stopping the trainer…"))

    def _trained(self, model: ModelVersion) -> None:
        look = "" if self.isVisible() else translate("TeachIn", "Look at the teach-in.")
        self._context.notify("info", translate("TeachIn", "The new model waits for your decision."), look)
        self.trying.begin(model)

    def _try(self) -> None:
        model = self.trying.candidate
        if model is not None:
            self._context.remember(MEMORY, candidate=model.version)
            self._go(2)
            if self.isVisible():
                self.trying.run(self.room.stock.held_back())

    def _stopped(self, words: str) -> None:
        self.training_view.show_busy(False, words)

    # ── the line ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _resume(self) -> None:
        station = self._line.station
        if self.isVisible() and station is not None and not self.feed.on:
            self.feed.follow(station)
        if self.isVisible() and self.at == 2 and not self.trying.on:
            self.trying.run(self.room.stock.held_back())

    def _pause(self) -> None:
        self.feed.leave()
        self.trying.pause()

    def _line_changed(self, state: str) -> None:
        view = self.collecting
        going = {
            states.RUNNING: (translate("TeachIn", "Pause the line"), "pause"),
            states.PAUSED: (translate("TeachIn", "Let the line go on"), "play"),
        }
        words, symbol = going.get(state, (translate("TeachIn", "Start the line"), "play"))
        view.run.setText(words)
        view.run.set_icon(symbol)
        view.source.setText(_source_words(self._line))
        view.view.set_greyed(state in (states.LOST, states.FAILED))
        if state not in states.LIVE_STATES:
            self.feed.leave()
        self._resume()

    def _other_source(self) -> None:
        self._context.pageAsked.emit("camera")

    def _see(self, seen: Seen) -> None:
        first = self.taking.seen is None
        self.taking.see(seen)
        self.trying.look(seen.picture)
        if first:
            self._show_steps()

    # ── on screen ────────────────────────────────────────────────────────────────────────────────────────────────
    def _go(self, index: int) -> None:
        self.stack.setCurrentIndex(index)
        (self.collecting.view, self.training_view, self.trying_view)[index].setFocus()
        self._show_steps()

    def _show_steps(self) -> None:
        self.show_step(self.step)

    def _passing(self, inspections: list[Inspection]) -> None:
        if self.isVisible():
            self.taking.pass_by(inspections)

    def _show_names(self, names: tuple[str, ...]) -> None:
        self.product.clear()
        self.product.addItems(names)
        self.product.setCurrentText(self.room.name)
        wanted, self._candidate = self._candidate, ""
        if wanted:
            self.trying.find(wanted)

    def _renamed(self) -> None:
        name = safe_name(self.product.currentText())
        if not name or self.at:
            self.product.setCurrentText(self.room.name)
        elif name != self.room.name:
            self.collecting.auto.setChecked(False)
            self.taking.ask(None)
            self.room.open(name)
        self.collecting.view.setFocus()

    def _connect(self) -> None:
        view = self.collecting
        edit = self.product.lineEdit()
        assert edit is not None
        edit.editingFinished.connect(self._renamed)
        self.product.activated.connect(self._renamed)
        for button, act in (
            (view.train, self.train),
            (view.run, self._run),
            (view.other, self._other_source),
            (self.leave, self.back),
            (self.training_view.again, self.train),
            (self.training_view.cancel, self._cancel),
            (self.training_view.more, self.collect_more),
            (self.trying_view.more, self.collect_more),
            (self.trying_view.accept, self.ask_accept),
        ):
            button.clicked.connect(act)
        self.room.opened.connect(self._show_names)
        self.feed.seen.connect(self._see)
        self.training.heard.connect(self.training_view.hear)
        self.training.done.connect(self._trained)
        self.training.stopped.connect(self._stopped)
        self.trying.found.connect(self._try)
        self._line.stateChanged.connect(self._line_changed)
        self._line.originChanged.connect(lambda _origin: self._line_changed(self._line.state))
        self._context.recorded.connect(self._passing)


def _source_words(line: Line) -> str:
    """What the pictures come from, and that its parts do not count where that is so."""
    source = source_words(line.source.description) if line.source is not None else line.options.source
    said = translate("TeachIn", "From: {source}").format(source=source)
    if line.origin is not Origin.TRIAL:
        return said
    return f"{said} · {translate('TeachIn', 'Trial: parts do not count as production')}"
