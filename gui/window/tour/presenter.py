"""The steps of the guided start: which act each waits for, what is said meanwhile, and what it is said about. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from gui.i18n.language import translate
from gui.line import line as states

START, READ, OVERRULE, UNDO, LOOK, CHOOSE = range(6)
STEPS = 5
ABOUT = {START: ("run",), READ: ("banner",), OVERRULE: ("ok", "ng"), UNDO: ("undo",), LOOK: ("film",), CHOOSE: ()}
"""Step → the buttons or parts of the Live page it is about."""
BUSY = states.LIVE_STATES | {states.LOADING}


class Saying(NamedTuple):
    """What the card says at a step."""

    title: str
    words: str
    place: str
    ahead: bool
    """A word is enough to go on: nothing has to be done."""


@dataclass(slots=True)
class Seen:
    """What happened since the tour began."""

    part: bool = False
    said: str = ""
    """The id of the override made in this tour."""
    looked: bool = False


class Tour:
    """It waits for the real act and never does one itself; `show` is called whenever something else is to be said.

    `practises`: whether the line's parts may be overruled for practice, which is so on the demo line only. On any
    other it only explains.
    """

    def __init__(self, practises: Callable[[], bool], show: Callable[[], None]) -> None:
        self._practises, self._show = practises, show
        self.on = False
        self.step = START
        self.seen = Seen()
        self._was_running = False

    def begin(self, state: str) -> None:
        """From the first step, on a line in this state."""
        self.on, self.step, self.seen = True, START, Seen()
        self._was_running = state in BUSY
        self._show()

    def leave(self) -> bool:
        """No more of it; False where it was not on."""
        was, self.on = self.on, False
        return was

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────
    def line_is(self, state: str) -> None:
        """The line paused or started: that is the first act."""
        if not (self.on and self.step == START and self._practises()):
            return
        if state == (states.PAUSED if self._was_running else states.RUNNING):
            self.step = READ
        self._show()

    def part_came(self) -> None:
        """There is a verdict to read."""
        if self.on and not self.seen.part:
            self.seen.part = True
            self._show()

    @property
    def wants_word(self) -> bool:
        """Whether what is said of a part now is one of the acts."""
        return self.on and self.step in (OVERRULE, UNDO) and self._practises()

    def in_force(self, said: str) -> None:
        """The override in force on the part now (its id; empty = none): a new word was stored, or the last is gone."""
        if self.on and self.step == OVERRULE and said:
            self.seen.said = said
            self._go(UNDO)
        elif self.on and self.step == UNDO and said != self.seen.said and (not said or said < self.seen.said):
            self._go(LOOK)

    def looking(self, selected: bool) -> None:
        """Whether a part of the film strip is looked at: a look, and back to the newest part, is the last act."""
        if self.step != LOOK or not self._practises():
            return
        if selected:
            self.seen.looked = True
        elif self.seen.looked:
            self._go(CHOOSE)

    def ahead(self) -> None:
        """The reader goes on where nothing has to be done."""
        if not self.waits:
            self._go(self.step + 1)

    def _go(self, step: int) -> None:
        self.step = step
        self._show()

    # ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def waits(self) -> bool:
        """Whether an act is waited for, or a choice."""
        if self.step == CHOOSE:
            return True
        if not self._practises():
            return False
        return self.step in (START, OVERRULE, UNDO, LOOK) or not self.seen.part

    def saying(self, has_past: bool) -> Saying:
        """The card now; `has_past`: whether the film strip holds a part."""
        place = translate("FirstRun", "{step} of {steps}").format(step=self.step + 1, steps=STEPS)
        return Saying(*self._words(has_past), "" if self.step == CHOOSE else place, not self.waits)

    def _words(self, has_past: bool) -> tuple[str, str]:
        look = translate("FirstRun", "Click a part in the film strip, or press →. Esc returns to the newest part.")
        nothing = translate(
            "FirstRun", "NG and REVIEW parts gather at the bottom. Let the line run (Space) until one comes."
        )
        return (
            self._first(),
            (
                translate("FirstRun", "Read the verdict"),
                translate("FirstRun", "Shape, word and colour say it, and below them why. OK, NG or REVIEW: look."),
            ),
            (
                translate("FirstRun", "Overrule it"),
                translate(
                    "FirstRun", "You know better than the model. Press O: it is OK. Or N and a digit: its defect."
                ),
            ),
            (
                translate("FirstRun", "Take it back"),
                translate("FirstRun", "Press Ctrl+Z. Your word and its taking back both stay in the history."),
            ),
            (translate("FirstRun", "Look back"), look if has_past else nothing),
            (
                translate("FirstRun", "What do you want to inspect?"),
                translate("FirstRun", "You know the line now. All keys: press ?"),
            ),
        )[self.step]

    def _first(self) -> tuple[str, str]:
        if self._was_running:
            return (
                translate("FirstRun", "Pause the line"),
                translate("FirstRun", "Five small acts in a minute. Parts pass the camera: press Space."),
            )
        return (
            translate("FirstRun", "Start the line"),
            translate("FirstRun", "Five small acts in a minute, on simulated parts. Press Space."),
        )
