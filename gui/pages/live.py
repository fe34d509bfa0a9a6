"""The Live page: the picture with its overlay, the verdict, the counts, the last defects, and the operator's word."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QTimer, Signal

from db.inspections import Counts
from engine import events
from engine.domain import HeatMap, Inspection, Outcome, Override, Traveller, utc_now
from engine.preprocess import shown
from engine.verdict import no_verdict
from gui import line as states
from gui.context import AppContext, Binding
from gui.line import Line
from gui.overlays import drawn_map, drawn_picture
from gui.pages.live_look import Look, fetch, recall, save_snapshot
from gui.pages.live_screen import LiveScreen
from gui.pages.live_tally import LotTally
from gui.pages.live_words import Words, part_name
from gui.widgets.image_view import STYLES

MARK_SECONDS = 0.3
WORDS_KEPT = 64
OPACITY_STEP = 0.1


class LivePage(LiveScreen):
    """Fed by the window (`follow`, `show_picture`); acts on the line and on the part last shown or looked at."""

    fullScreen = Signal()

    def __init__(self, context: AppContext, line: Line, snapshots: Path) -> None:
        self._context, self._line, self._snapshots = context, line, snapshots
        self.words, self.tally = Words(context), LotTally(context)
        super().__init__(context, self._tools_table(), self._acts_table(), self._back_to_live)
        self._live: Look | None = None
        self._looked: Look | None = None
        self._wanted = ""
        self._mark: tuple[Inspection | None, float] = (None, 0.0)
        self._asked: Inspection | None = None
        self._doubt: Inspection | None = None
        """The last NO VERDICT."""
        self._said: dict[str, Override] = {}
        self._retry_at, self._lost = 0.0, ""
        self._countdown = QTimer(self)
        self._countdown.setInterval(250)
        self._countdown.timeout.connect(self._show_lost)
        self._connect()
        self._state_changed(line.state)
        context.jobs.run(lambda: recall(context.db, context.archive), self.film.recall)

    # ── the page's contract ──────────────────────────────────────────────────────────────────────────────────────
    def activated(self) -> None:
        """The page is on screen."""
        self.view.setFocus()

    def held(self) -> str:
        """Why the page cannot be built anew now; empty = it can."""
        return ""

    def close_page(self) -> None:
        """Keep how the overlay was set."""
        self._countdown.stop()
        self._context.settings.overlay = self.view.overlay_style
        self._context.settings.overlay_opacity = round(self.view.opacity, 2)

    def keys(self) -> list[Binding]:
        """Every key of the page."""
        looks = [Binding("Left", "Newer part", lambda: self._step(-1)), Binding("Right", "Older part", self._older)]
        acts = self._acts_table() | {"run": Binding("Space", "Start, pause, go on", self._line.toggle)}
        # Full screen is the window's own key; here it only has its button.
        tools = [binding for name, binding in self._tools_table() if name != "fullscreen"]
        return [*acts.values(), *tools, *looks]

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
        inspections = [e.inspection for e in batch if isinstance(e, events.Inspected)]
        if inspections:
            self.tally.add(inspections)
        for event in batch:
            if isinstance(event, events.Inspected):
                self._take(event)
            elif isinstance(event, events.Lost):
                self._lost, self._retry_at = event.reason, time.monotonic() + event.retry_s
                self._countdown.start()
                self._show_lost()
            elif isinstance(event, events.Started | events.Recovered):
                self._countdown.stop()
                self._lost = ""

    def show_picture(self, picture: events.Picture) -> None:
        """The newest picture."""
        self._live = Look(picture.inspection, shown(picture.frame.pixels, picture.inspection.frame), picture.heat)
        if self._looked is None:
            self._show_live()

    def scan_part(self, number: str) -> None:
        """A scanner read a part number."""
        self.strip.set_part(number)
        self.aside.tell(f"Part {number} was scanned.")

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
            self.aside.tell("There is no part on screen yet.")
            return
        self._asked = part
        manifest = self._context.package.manifest if self._context.package else None
        defects = [n for n in manifest.class_names if n not in manifest.ok_classes] if manifest else []
        more = [said.label for said in self._said.values() if said.outcome is Outcome.NG and said.label]
        self.picker.ask(part_name(part), tuple(dict.fromkeys([*defects, *more])))

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
        context = self._context
        self._context.jobs.run(lambda: fetch(context.db, context.archive, context.recorder, part), self._looking)

    @property
    def busy(self) -> bool:
        """True while Esc has something to do here."""
        focused = self.focusWidget()
        typing = focused is not None and focused.hasFocus() and self.strip.isAncestorOf(focused)
        return self.picker.isVisible() or bool(self._wanted) or typing

    def back(self) -> None:
        """Esc: close the picker, stop looking, or give the keys back from a text field."""
        focused = self.focusWidget()
        if self.picker.isVisible():
            self.picker.dismiss()
        elif focused is not None and self.strip.isAncestorOf(focused):
            focused.clearFocus()
            self.view.setFocus()
        elif self._wanted:
            self._back_to_live()

    def snapshot(self) -> None:
        """What is on screen as a file."""
        look = self._looked or self._live
        if look is None:
            self.aside.tell("There is no picture to save yet.")
            return
        folder, style, opacity = self._snapshots, self.view.overlay_style, self.view.opacity
        package, recipe = self._context.package, self._context.recipe
        seen, regions = look.inspection, look.inspection.regions
        self._context.jobs.run(
            lambda: save_snapshot(
                folder,
                drawn_picture(look.pixels, look.heat, regions, (style, opacity), package, recipe),
                seen,
                utc_now(),
            ),
            lambda path: self._context.notify("info", f"The picture was saved as {path}."),
        )

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _acts_table(self) -> dict[str, Binding]:
        return {
            "ok": Binding("O", "It is OK", self.say_ok),
            "ng": Binding("N", "It is NG…", self.ask_class),
            "review": Binding("R", "To review", self.say_review),
            "undo": Binding("Ctrl+Z", "Undo", self.words.undo),
            "run": Binding("Space", "Start", self._line.toggle),
            "stop": Binding("Ctrl+Space", "Stop", self._line.stop),
            "trigger": Binding("T", "Trigger", self._fire),
        }

    def _tools_table(self) -> list[tuple[str, Binding]]:
        return [
            ("overlay", Binding("H", "Overlay: heat, mask, outline, off", self._next_style)),
            ("stronger", Binding("]", "Stronger overlay", lambda: self._fade(OPACITY_STEP))),
            ("lighter", Binding("[", "Lighter overlay", lambda: self._fade(-OPACITY_STEP))),
            ("plus", Binding("+", "Zoom in", lambda: self.view.zoom_by(1.25))),
            ("minus", Binding("-", "Zoom out", lambda: self.view.zoom_by(0.8))),
            ("fit", Binding("0", "Whole picture", lambda: self.view.fit())),
            ("snapshot", Binding("S", "Save the picture as a file", self.snapshot)),
            ("fullscreen", Binding("F", "Full screen", lambda: self.fullScreen.emit())),
        ]

    def _connect(self) -> None:
        self._line.stateChanged.connect(self._state_changed)
        self._line.triggerChanged.connect(self._triggered)
        self._line.imagingChanged.connect(self.drift_bar.show_level)
        self._context.packageChanged.connect(self._packaged)
        self.strip.changed.connect(self._travel)
        self.strip.operatorChanged.connect(self._operator)
        self.film.chosen.connect(self.look_at)
        self.picker.picked.connect(lambda label: self._say(self._asked, Outcome.NG, label))
        self.tally.changed.connect(self._count)
        self.words.said.connect(self._heard)
        self.words.unsaid.connect(self._took_back)
        self.words.nothing.connect(lambda: self.aside.tell("There is nothing to take back."))

    def _triggered(self, mode: str) -> None:
        self.show_trigger(mode == "software")

    def _packaged(self) -> None:
        self.strip.set_recipe(self._context.recipe)

    # ── on screen ────────────────────────────────────────────────────────────────────────────────────────────────
    def _display(self, look: Look) -> None:
        self.view.set_picture(look.pixels)
        self.view.set_regions(look.inspection.regions)
        self._lay_over(look.heat)
        said = self._said.get(look.inspection.id)
        self.banner.set_verdict(look.inspection.verdict, _words(said) if said else "")

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

    def _lay_over(self, heat: HeatMap | None) -> None:
        roi = self._context.recipe.view.heat_box if self._context.recipe else None
        style = self.view.overlay_style
        if heat is None or style not in ("heat", "mask"):
            self.view.set_overlay(None)
        else:
            self.view.set_overlay(drawn_map(heat, style, self._context.package), roi)

    def _take(self, event: events.Inspected) -> None:
        outcome = event.inspection.verdict.outcome
        self.trend.add(outcome)
        if outcome in (Outcome.NG, Outcome.REVIEW):
            self.film.add(event.inspection, event.thumbnail)
        elif outcome is Outcome.NO_VERDICT:
            # No picture may come with it (a lost camera, an unreadable file): what is on screen is of the past.
            self._doubt = event.inspection
            if self._looked is None:
                self.view.set_greyed(True)
                self.banner.set_verdict(event.inspection.verdict)

    def _show_lost(self) -> None:
        if self._looked is not None or not self._lost:
            return
        left = max(0.0, self._retry_at - time.monotonic())
        wait = f"next try in {left:.0f} s" if left >= 0.5 else "trying again now"
        self.view.set_greyed(True)
        self.banner.set_verdict(no_verdict(self._lost), wait)

    def _state_changed(self, state: str) -> None:
        words = {states.RUNNING: ("Pause", "pause"), states.PAUSED: ("Go on", "play"), states.LOST: ("Pause", "pause")}
        text, symbol = words.get(state, ("Start again" if state == states.FAILED else "Start", "play"))
        self.acts.set_text("run", text)
        self.acts.set_icon("run", symbol)
        self.acts.buttons["run"].setEnabled(state not in (states.LOADING, states.LOST))
        self.acts.buttons["stop"].setEnabled(state in states.LIVE_STATES)
        self.strip.set_recording(state == states.RUNNING)
        self.view.set_empty_text({states.LOADING: "Getting ready…"}.get(state, "No picture yet. Space starts."))
        if state in (states.FAILED, states.STOPPED):
            self._countdown.stop()
        if self._looked is None:
            self._show_trouble(state)

    def _show_trouble(self, state: str) -> None:
        if state == states.FAILED:
            self.view.set_greyed(True)
            self.banner.set_verdict(no_verdict("the station stopped; Space starts it again"))
        elif state == states.LOST:
            self._show_lost()

    def _looking(self, look: Look) -> None:
        if look.inspection.id != self._wanted:
            return
        self._looked = look
        if look.said is not None:
            self._remember(look.said)
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
            self.aside.tell("There is no part on screen yet.")
        else:
            self.words.say(part, outcome, label)

    def _heard(self, said: Override) -> None:
        self._remember(said)
        self.film.mark(said.inspection_id, said.outcome)
        self._redraw_words(said.inspection_id)
        self.aside.tell(f"Stored: y{_words(said)[1:]}. Ctrl+Z takes it back.")

    def _took_back(self, undone: Override, now: Override | None) -> None:
        self._said.pop(undone.inspection_id, None)
        if now is not None:
            self._remember(now)
        self.film.mark(undone.inspection_id, now.outcome if now else None)
        self._redraw_words(undone.inspection_id)
        self.aside.tell("Your last word was taken back; both are kept in the history.")

    def _remember(self, said: Override) -> None:
        self._said[said.inspection_id] = said
        while len(self._said) > WORDS_KEPT:
            self._said.pop(next(iter(self._said)))

    def _redraw_words(self, inspection_id: str) -> None:
        look = self._looked or self._live
        if look is not None and look.inspection.id == inspection_id:
            said = self._said.get(inspection_id)
            self.banner.set_verdict(look.inspection.verdict, _words(said) if said else "")

    def _fire(self) -> None:
        """Have the camera take a picture, where it waits for that."""
        if self.acts.buttons["trigger"].isHidden():
            self.aside.tell("The camera is not set to a software trigger.")
        else:
            self._line.trigger()

    # ── small acts ───────────────────────────────────────────────────────────────────────────────────────────────
    def _next_style(self) -> None:
        style = STYLES[(STYLES.index(self.view.overlay_style) + 1) % len(STYLES)]
        self.view.set_style(style)
        self.tools.set_style(style)
        look = self._looked or self._live
        self._lay_over(look.heat if look else None)

    def _fade(self, step: float) -> None:
        self.view.set_opacity(self.view.opacity + step)
        self.aside.tell(f"Overlay {self.view.opacity:.0%}", 2.0)

    def _step(self, step: int) -> None:
        self.look_at(self.film.neighbour(step))

    def _older(self) -> None:
        self._step(1)

    def _travel(self, traveller: Traveller) -> None:
        self._line.traveller = traveller
        self.tally.choose(traveller.lot)

    def _operator(self, name: str) -> None:
        settings = self._context.settings
        settings.operator = name
        if name and name not in settings.operators:
            settings.operators = [*settings.operators, name]

    def _count(self, counts: Counts) -> None:
        self.counters.set_counts(counts)


def _words(said: Override) -> str:
    return f"You say {said.outcome}" + (f": {said.label}" if said.outcome is Outcome.NG and said.label else "")
