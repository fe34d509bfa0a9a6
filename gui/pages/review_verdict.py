"""What the model says and what you say of one part: the words, the buttons, the reason, the history."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from db.paging import Stored
from engine.domain import Outcome, Override
from gui.pages.review_draft import Draft
from gui.theme import SPACING, TOUCH, Theme
from gui.widgets.key_button import KeyButton
from gui.widgets.verdict_chip import outcome_icon

DIGITS = 9


class ClassRow(QWidget):
    """A button for each class, as many as fit; the others have their digit and the list under N."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._buttons: list[KeyButton] = []
        self.setMinimumHeight(TOUCH)
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
            button.setGeometry(left, 0, size.width(), TOUCH)
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
        self._mark, self._model_says = QLabel(), QLabel()
        self._you_mark, self._you_say = QLabel(), QLabel()
        self._reasons = QLabel()
        self._reasons.setProperty("role", "muted")
        self.why = QLineEdit(placeholderText="Why? (optional; Enter saves)", maxLength=500)
        self.why.setAccessibleName("Why")
        self.why.textEdited.connect(self.why_typed)
        self.why.returnPressed.connect(self.saved)
        self.ok = KeyButton(theme, "OK", "O")
        self.ng = KeyButton(theme, "NG…", "N")
        self.review = KeyButton(theme, "REVIEW", "R")
        self.ok.clicked.connect(lambda: self.said.emit(Outcome.OK, ""))
        self.ng.clicked.connect(lambda: self.said.emit(Outcome.NG, ""))
        self.review.clicked.connect(lambda: self.said.emit(Outcome.REVIEW, ""))
        self._classes = ClassRow(theme)
        self._classes.chosen.connect(lambda name: self.said.emit(Outcome.NG, name))
        self.previous = KeyButton(theme, "Previous", "Left", compact=True)
        self.next = KeyButton(theme, "Next", "Right", compact=True)
        self.unreviewed = KeyButton(theme, "To review", "U", compact=True)
        self.undo = KeyButton(theme, "Undo", "Ctrl+Z", compact=True)
        self.save = KeyButton(theme, "Save and next", "Return", primary=True, compact=True)
        self.save.clicked.connect(self.saved)
        self._history = QLabel()
        self._history.setTextFormat(Qt.TextFormat.PlainText)
        self._history.setProperty("role", "muted")
        for label in (self._history, self._reasons):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lay_out()
        self._draw_marks()
        theme.changed.connect(self._draw_marks)

    def _lay_out(self) -> None:
        words = QGridLayout()
        words.setHorizontalSpacing(SPACING)
        words.setVerticalSpacing(SPACING // 2)
        for row, (title, mark, text) in enumerate(
            (("Model says", self._mark, self._model_says), ("You say", self._you_mark, self._you_say))
        ):
            name = QLabel(title)
            name.setProperty("role", "normal")
            mark.setFixedWidth(24)
            words.addWidget(name, row, 0)
            words.addWidget(mark, row, 1)
            words.addWidget(text, row, 2)
        words.addWidget(self._reasons, 0, 3)
        words.addWidget(self.why, 1, 3)
        words.addWidget(self._history, 2, 0, 1, 4)
        words.setColumnStretch(3, 1)
        words.setColumnMinimumWidth(2, 150)
        acts, steps = QHBoxLayout(), QHBoxLayout()
        for line in (acts, steps):
            line.setSpacing(SPACING)
        for button in (self.ok, self.ng, self.review):
            acts.addWidget(button)
        acts.addWidget(self._classes, 1)
        for button in (self.previous, self.next, self.unreviewed, self.undo):
            steps.addWidget(button)
        steps.addStretch(1)
        steps.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for layout in (words, acts, steps):
            column.addLayout(layout)

    def offer(self, classes: Sequence[str]) -> None:
        """The classes of the digits; those that fit get a button."""
        self._classes.offer(classes[:DIGITS])

    def show_part(self, stored: Stored | None, draft: Draft, history: Sequence[Override], selected: int) -> None:
        """The words for one part, or for `selected` of them together."""
        for widget in (self.ok, self.ng, self.review, self.why, self.save, self._classes):
            widget.setEnabled(stored is not None)
        if self.why.text() != draft.why:
            self.why.setText(draft.why)
        if stored is None:
            self._clear()
            return
        verdict = stored.inspection.verdict
        self._mark.setPixmap(outcome_icon(self._theme, verdict.outcome, 20).pixmap(20, 20))
        named = _plain(verdict.label) if verdict.outcome is not Outcome.OK else ""
        self._model_says.setText(f"<b>{verdict.outcome}</b> {named}")
        self._reasons.setText("; ".join(verdict.reasons))
        self._reasons.setToolTip(self._reasons.text())
        self._show_yours(stored, draft, selected)
        past = [_past(o) for o in reversed(history)]
        self._history.setText("   ·   ".join(past[:2]) if past else "No correction so far")
        self._history.setToolTip("\n".join(past))

    def _show_yours(self, stored: Stored, draft: Draft, selected: int) -> None:
        outcome, label, unsaved = draft.outcome, draft.label, not draft.empty
        if outcome is None and stored.override is not None:
            outcome, label = stored.override.outcome, stored.override.label
        if outcome is None:
            self._you_mark.clear()
            self._you_say.setText("nothing yet" if not unsaved else "the same (not saved)")
            return
        self._you_mark.setPixmap(outcome_icon(self._theme, outcome, 20).pixmap(20, 20))
        of = f" for {selected} parts" if selected > 1 and draft.outcome is not None else ""
        note = " (not saved)" if unsaved else ""
        named = _plain(label) if outcome is Outcome.NG else ""
        self._you_say.setText(f"<b>{outcome}</b> {named}{of}{note}")

    def _clear(self) -> None:
        for label in (self._mark, self._you_mark, self._model_says, self._you_say, self._reasons, self._history):
            label.clear()

    def _draw_marks(self) -> None:
        for button, outcome in ((self.ok, Outcome.OK), (self.ng, Outcome.NG), (self.review, Outcome.REVIEW)):
            button.set_mark(outcome_icon(self._theme, outcome, 20))


def _past(override: Override) -> str:
    """One line of history."""
    said = "undone" if override.undoes else f"{override.outcome} {override.label}".strip()
    why = f": {override.why}" if override.why and not override.undoes else ""
    return f"{override.at.astimezone():%d %b %H:%M} {override.operator}: {said}{why}"


def _plain(text: str) -> str:
    """Free text inside a rich label stays text."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
