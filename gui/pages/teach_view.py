"""What the teaching flow shows: the four steps, progress, curve, the two models side by side, the decision."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPlainTextEdit, QProgressBar, QVBoxLayout, QWidget

from db.registry import ModelVersion
from gui.pages.models_details import figures
from gui.pages.teach_curve import LossCurve
from gui.theme import SPACING, Theme
from gui.widgets.key_button import KeyButton

STEPS = ("Export", "Train", "Compare", "Decide")


class TeachView(QWidget):
    """Widgets only; gui/pages/teach.py says what is in them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel("Teach the model")
        self.title.setProperty("role", "large")
        self._steps = QLabel()
        self._steps.setTextFormat(Qt.TextFormat.RichText)
        self.status = QLabel(wordWrap=True)
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = QProgressBar(textVisible=False)
        self.curve = LossCurve(theme)
        self.notes = QPlainTextEdit(readOnly=True)
        self.notes.setMaximumHeight(112)
        self.notes.setAccessibleName("What the trainer says")
        self.back = KeyButton(theme, "Back to the list", "Backspace", compact=True)
        self.cancel = KeyButton(theme, "Cancel training", "C", "stop", compact=True)
        self.again = KeyButton(theme, "Try again", "T", "teach", compact=True)
        self.reject = KeyButton(theme, "Reject…", "X", "close")
        self.activate = KeyButton(theme, "Activate…", "A", "ok", primary=True)
        self._compare = QWidget()
        self._table = QGridLayout(self._compare)
        self._table.setHorizontalSpacing(4 * SPACING)
        self._table.setVerticalSpacing(SPACING)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        head.addWidget(self.title)
        head.addStretch(1)
        for button in (self.cancel, self.again, self.back):
            head.addWidget(button)
        decide = QHBoxLayout()
        decide.setSpacing(SPACING)
        decide.addStretch(1)
        decide.addWidget(self.reject)
        decide.addWidget(self.activate)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addLayout(head)
        for widget in (self._steps, self.status, self.progress):
            column.addWidget(widget)
        column.addWidget(self._compare)
        column.addWidget(self.curve, 1)
        column.addWidget(self.notes)
        column.addLayout(decide)

    def show_step(self, step: int, status: str, *, busy: bool, failed: bool = False) -> None:
        """Where the flow stands: the step from 0, a sentence, and which buttons that leaves."""
        words = (f"<b>{i + 1}  {name}</b>" if i == step else f"{i + 1}  {name}" for i, name in enumerate(STEPS))
        self._steps.setText(" &nbsp; › &nbsp; ".join(words))
        self.status.setText(status)
        self.progress.setVisible(busy)
        self.cancel.setVisible(busy and step == 1)
        self.again.setVisible(failed)
        deciding = step == 3 and not failed
        self._compare.setVisible(deciding)
        for button in (self.reject, self.activate):
            button.setVisible(deciding)
        self.curve.setVisible(bool(self.curve.epochs) or step == 1)

    def compare(self, now: ModelVersion | None, new: ModelVersion) -> None:
        """Both models' figures, side by side."""
        while self._table.count():
            item = self._table.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.deleteLater()
        old = dict(figures(now.metrics)) if now else {}
        rows = [(name, old.get(name, "–"), value) for name, value in figures(new.metrics)]
        heads = ("", f"Now: {now.version}" if now else "Now: none", f"New: {new.version}")
        self._row(0, heads, bold=True)
        for row, line in enumerate(rows, start=1):
            self._row(row, line)
        note = QLabel("Each model's figures are those of its own held-out part.")
        note.setProperty("role", "muted")
        self._table.addWidget(note, len(rows) + 1, 0, 1, 3)
        self._table.setColumnStretch(3, 1)

    def _row(self, row: int, cells: Sequence[str], *, bold: bool = False) -> None:
        for column, text in enumerate(cells):
            label = QLabel(f"<b>{text}</b>" if bold else text)
            if column:
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
            elif not bold:
                label.setProperty("role", "normal")
            self._table.addWidget(label, row, column)
