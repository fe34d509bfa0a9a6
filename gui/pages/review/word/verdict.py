"""What the model says and what you say of one part: the words, the buttons, the reason, the last word before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from db.inspections.paging import Stored
from engine.domain.inspection import Outcome
from gui.i18n.language import outcome_word, translate
from gui.i18n.messages import translated
from gui.i18n.verdicts import class_word
from gui.pages.review.word.session import Draft
from gui.theme.theme import SPACING, TOUCH, Theme, scaled
from gui.widgets.elided import CutLabel
from gui.widgets.flow import FlowLayout
from gui.widgets.key_button import KeyButton
from gui.widgets.verdict_chip import outcome_icon

DIGITS = 9
MARK = 20
LARGE = 1.3
"""From this size of type on, what stands side by side wraps."""


def large_type() -> bool:
    """Whether type is so large that the page has to be laid out for it."""
    return scaled(100) > 100 * LARGE


class ClassRow(QWidget):
    """A button for each class, as many as fit; the others have their digit and the list under N."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._buttons: list[KeyButton] = []
        self.setMinimumHeight(scaled(TOUCH))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def offer(self, classes: Sequence[str]) -> None:
        """Buttons for these classes, the digits from 1 on."""
        if [b.text() for b in self._buttons] == list(classes):
            return
        for old in self._buttons:
            old.deleteLater()
        self._buttons = [KeyButton(self._theme, name, str(digit), parent=self) for digit, name in enumerate(classes, 1)]
        for button in self._buttons:
            button.clicked.connect(partial(self.chosen.emit, button.text()))
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what fits."""
        self._place()

    def _place(self) -> None:
        left = 0
        for button in self._buttons:
            size = button.sizeHint()
            button.setGeometry(left, 0, size.width(), scaled(TOUCH))
            button.setVisible(left + size.width() <= self.width())
            left += size.width() + SPACING


class VerdictPanel(QWidget):
    """Buttons tell, the page decides. `said` carries outcome and class ('' with NG: ask for it)."""

    said = Signal(object, str)
    saved = Signal()
    why_typed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._mark, self._model_says = QLabel(), QLabel(wordWrap=large_type())
        self._you_mark, self._you_say = QLabel(), QLabel(wordWrap=large_type())
        self._reasons = CutLabel()
        self._reasons.setProperty("role", "muted")
        self.why = QLineEdit(placeholderText=translate("Review", "Why? (optional; Enter saves)"), maxLength=500)
        self.why.setAccessibleName(translate("Review", "Why"))
        self.why.textEdited.connect(self.why_typed)
        self.why.returnPressed.connect(self.saved)
        self._classes = ClassRow(theme)
        self._classes.chosen.connect(lambda name: self.said.emit(Outcome.NG, name))
        self._make_buttons(theme)
        self._last = CutLabel()
        self._last.setProperty("role", "muted")
        self._lay_out()
        self._draw_marks()
        theme.changed.connect(self._draw_marks)

    def _make_buttons(self, theme: Theme) -> None:
        self.ok = KeyButton(theme, outcome_word(Outcome.OK), "O")
        self.ng = KeyButton(theme, f"{outcome_word(Outcome.NG)}…", "N")
        self.review = KeyButton(theme, outcome_word(Outcome.REVIEW), "R")
        self.ok.clicked.connect(lambda: self.said.emit(Outcome.OK, ""))
        self.ng.clicked.connect(lambda: self.said.emit(Outcome.NG, ""))
        self.review.clicked.connect(lambda: self.said.emit(Outcome.REVIEW, ""))
        self.previous = KeyButton(theme, "", "Left", "previous", compact=True)
        self.next = KeyButton(theme, "", "Right", "next", compact=True)
        steps = (translate("Review", "Previous part"), translate("Review", "Next part"))
        for button, words in zip((self.previous, self.next), steps, strict=True):
            button.setAccessibleName(words)
            button.setToolTip(words)
        self.unreviewed = KeyButton(theme, translate("Review", "To review"), "U", compact=True)
        self.undo = KeyButton(theme, translate("Review", "Undo"), "Ctrl+Z", compact=True)
        self.blind = KeyButton(theme, translate("Review", "Blind"), "J", compact=True)
        self.blind.setToolTip(translate("Review", "Judge without what the model says"))
        self.past = KeyButton(theme, translate("Review", "History"), "Y", compact=True)
        for button in (self.blind, self.past):
            button.setCheckable(True)
        self.save = KeyButton(theme, translate("Review", "Save and next"), "Return", primary=True)
        self.save.clicked.connect(self.saved)

    def _lay_out(self) -> None:
        words = QGridLayout()
        words.setHorizontalSpacing(SPACING)
        words.setVerticalSpacing(SPACING // 2)
        titles = (translate("Review", "Model says"), translate("Review", "You say"))
        for row, (mark, text) in enumerate(((self._mark, self._model_says), (self._you_mark, self._you_say))):
            name = QLabel(titles[row])
            name.setProperty("role", "normal")
            mark.setFixedWidth(scaled(24))
            words.addWidget(name, row, 0)
            words.addWidget(mark, row, 1)
            words.addWidget(text, row, 2)
        if large_type():
            words.addWidget(self._reasons, 2, 0, 1, 4)
            words.addWidget(self.why, 3, 0, 1, 4)
            words.addWidget(self._last, 4, 0, 1, 4)
        else:
            words.addWidget(self._reasons, 0, 3)
            words.addWidget(self.why, 1, 3)
            words.addWidget(self._last, 2, 0, 1, 4)
            words.setColumnMinimumWidth(2, scaled(150))
        words.setColumnStretch(3, 1)
        acts, steps = self._acts(), FlowLayout()
        for button in (self.previous, self.next, self.unreviewed, self.undo, self.past, self.blind):
            steps.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for layout in (acts, words, steps) if large_type() else (words, acts, steps):
            column.addLayout(layout)

    def _acts(self) -> QLayout:
        """In one row with the classes; large type has rows as it needs them, and the classes under N."""
        if large_type():
            rows = FlowLayout()
            for button in (self.ok, self.ng, self.review, self.save):
                rows.addWidget(button)
            self._classes.hide()
            return rows
        acts = QHBoxLayout()
        acts.setSpacing(SPACING)
        for button in (self.ok, self.ng, self.review):
            acts.addWidget(button)
        acts.addWidget(self._classes, 1)
        acts.addWidget(self.save)
        return acts

    def offer(self, classes: Sequence[str]) -> None:
        """The classes of the digits; those that fit get a button."""
        self._classes.offer(classes[:DIGITS])

    def show_part(self, stored: Stored | None, draft: Draft, last: str, selected: int, *, hidden: bool) -> None:
        """The words for one part, or for `selected` of them together; `last` is its history in a line.

        `hidden`: what the model says is not shown.
        """
        for widget in (self.ok, self.ng, self.review, self.why, self.save, self._classes):
            widget.setEnabled(stored is not None)
        if self.why.text() != draft.why:
            self.why.setText(draft.why)
        if stored is None:
            self._clear()
            return
        self._show_model(stored, hidden=hidden)
        self._show_yours(stored, draft, selected)
        self._last.setText(last)

    def _show_model(self, stored: Stored, *, hidden: bool) -> None:
        verdict = stored.inspection.verdict
        if hidden:
            self._mark.clear()
            self._model_says.setText("•••")
            self._reasons.setText(translate("Review", "Hidden until you said your word"))
            return
        self._mark.setPixmap(self._icon(verdict.outcome, unknown=verdict.unknown))
        named = _plain(class_word(verdict))
        self._model_says.setText(f"<b>{outcome_word(verdict.outcome)}</b> {named}")
        self._reasons.setText("; ".join(map(translated, verdict.reasons)))

    def _show_yours(self, stored: Stored, draft: Draft, selected: int) -> None:
        outcome, label, unsaved = draft.outcome, draft.label, not draft.empty
        if outcome is None and stored.override is not None:
            outcome, label = stored.override.outcome, stored.override.label
        if outcome is None:
            self._you_mark.clear()
            nothing, same = translate("Review", "nothing yet"), translate("Review", "the same (not saved)")
            self._you_say.setText(same if unsaved else nothing)
            return
        self._you_mark.setPixmap(self._icon(outcome))
        several = selected > 1 and draft.outcome is not None
        of = translate("Review", "for %n part(s)", "", selected) if several else ""
        note = translate("Review", "(not saved)") if unsaved else ""
        named = _plain(label) if outcome is Outcome.NG else ""
        rest = " ".join(word for word in (named, of, note) if word)
        self._you_say.setText(f"<b>{outcome_word(outcome)}</b> {rest}")

    def _clear(self) -> None:
        for label in (self._mark, self._you_mark, self._model_says, self._you_say, self._reasons, self._last):
            label.clear()

    def _icon(self, outcome: Outcome, *, unknown: bool = False) -> QPixmap:
        side = scaled(MARK)
        return outcome_icon(self._theme, outcome, MARK, unknown=unknown).pixmap(side, side)

    def _draw_marks(self) -> None:
        for button, outcome in ((self.ok, Outcome.OK), (self.ng, Outcome.NG), (self.review, Outcome.REVIEW)):
            button.set_mark(outcome_icon(self._theme, outcome, MARK))


def _plain(text: str) -> str:
    """Free text inside a rich label stays text."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
