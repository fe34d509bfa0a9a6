"""What the teaching flow shows: the steps, and for each its panel: the plan, the training, the gate."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.pages.models.teach.gate.gate_view import GatePanel
from gui.pages.models.teach.plan import PlanPanel
from gui.theme.theme import SPACING, Theme, scaled
from gui.training.curve import Curves
from gui.widgets.flow import FlowLayout
from gui.widgets.key_button import KeyButton

PLAN, TRAIN, GATE = range(3)


class TrainPanel(QWidget):
    """A training on its way: how far, the curves, what the trainer says."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.status = QLabel(wordWrap=True)
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.left = QLabel()
        self.left.setProperty("role", "normal")
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(translate("Teach", "Progress of the training"))
        self.curves = Curves(theme)
        self.notes = QPlainTextEdit(readOnly=True)
        self.notes.setMaximumHeight(scaled(72))
        self.notes.setAccessibleName(translate("Teach", "What the trainer says"))
        self.cancel = KeyButton(theme, translate("Teach", "Stop, keep a checkpoint"), "C", "stop", compact=True)
        self.resume = KeyButton(theme, translate("Teach", "Go on from the checkpoint"), "R", "play", compact=True)
        self.again = KeyButton(theme, translate("Teach", "Start anew"), "T", "teach", compact=True)
        acts = QHBoxLayout()
        acts.setSpacing(SPACING)
        acts.addWidget(self.left, 1)
        for button in (self.cancel, self.resume, self.again):
            acts.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self.status)
        column.addWidget(self.progress)
        column.addLayout(acts)
        column.addWidget(self.curves, 1)
        column.addWidget(self.notes)


class TeachView(QWidget):
    """Widgets only; gui/pages/models/teach/flow.py and teach_gate.py say what is in them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.title = QLabel(translate("Teach", "Teach the model"))
        self.title.setProperty("role", "large")
        self._steps = QLabel()
        self._steps.setTextFormat(Qt.TextFormat.RichText)
        self.plan, self.train, self.gate = PlanPanel(theme), TrainPanel(theme), GatePanel(theme)
        self.back = KeyButton(theme, translate("Teach", "Back to the list"), "Backspace", compact=True)
        self._stack = QStackedWidget()
        for panel in (self.plan, self.train, self.gate):
            self._stack.addWidget(panel)
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        words = FlowLayout(gap=3 * SPACING)
        words.addWidget(self.title)
        words.addWidget(self._steps)
        head.addLayout(words, 1)
        head.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, 2 * SPACING)
        column.setSpacing(2 * SPACING)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.show_step(PLAN)

    @property
    def step(self) -> int:
        """PLAN, TRAIN or GATE."""
        return self._stack.currentIndex()

    def await_plan(self) -> None:
        """The plan's step, until the plan is read."""
        self.show_step(PLAN)
        self.plan.wait()

    def show_step(self, step: int) -> None:
        """Bring a step to the front."""
        names = (translate("Teach", "Export"), translate("Teach", "Train"), translate("Teach", "Change gate"))
        words = (f"<b>{i + 1}  {name}</b>" if i == step else f"{i + 1}  {name}" for i, name in enumerate(names))
        self._steps.setText(" &nbsp; › &nbsp; ".join(words))
        self._steps.setMinimumHeight(self.title.sizeHint().height())
        self._stack.setCurrentIndex(step)

    def show_training(self, status: str, *, busy: bool, resumable: bool = False) -> None:
        """The training's panel with a sentence, and which buttons its state leaves."""
        self.train.status.setText(status)
        self.train.progress.setVisible(busy)
        self.train.left.setText("")
        self.train.cancel.setVisible(busy)
        self.train.resume.setVisible(resumable and not busy)
        self.train.again.setVisible(not busy)
        self.show_step(TRAIN)
