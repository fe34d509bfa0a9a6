"""The first step of teaching: what would be exported, how it is split, what trains it. Nothing is written yet."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from db.datasets.export import ExportPlan
from db.models.registry import ModelVersion
from gui.i18n.language import number, translate
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.flow import FlowLayout
from gui.widgets.key_button import KeyButton

NAMES_WIDTH = 192


@dataclass(frozen=True, slots=True)
class Prospect:
    """What the first step shows. `trainer`: where it is, empty = none; `resumable`: a run was interrupted."""

    plan: ExportPlan
    parent: ModelVersion | None
    trainer: str
    remedy: str
    challenge: str
    resumable: bool


class PlanPanel(QScrollArea):
    """Widgets only; `show_prospect` fills them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.headline = QLabel(wordWrap=True)
        self.headline.setProperty("role", "large")
        self.remedy = QLabel(wordWrap=True)
        self.remedy.setTextFormat(Qt.TextFormat.PlainText)
        self.remedy.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.start = KeyButton(theme, translate("Teach", "Export and train"), "T", "teach", primary=True)
        self.resume = KeyButton(theme, translate("Teach", "Go on with the interrupted training"), "R", "play")
        self.elsewhere = KeyButton(theme, translate("Teach", "Export to train elsewhere…"), "W", "export")
        self.bring = KeyButton(theme, translate("Teach", "Import the model…"), "I", "import")
        self.conflicts = KeyButton(theme, translate("Teach", "Show them in Review"), "D", "review", compact=True)
        self.challenge = KeyButton(theme, translate("Teach", "Challenge set…"), "K", "folder", compact=True)
        self._facts = QGridLayout()
        self._values: dict[str, QLabel] = {}
        self._lay_out()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, SPACING, 0)
        column.setSpacing(2 * SPACING)
        column.addWidget(self.headline)
        self._facts.setHorizontalSpacing(2 * SPACING)
        self._facts.setVerticalSpacing(SPACING)
        self._facts.setColumnMinimumWidth(0, scaled(NAMES_WIDTH))
        self._facts.setColumnStretch(1, 1)
        self._row("kept", translate("Teach", "To be exported"))
        self._row("new", translate("Teach", "New since the last export"))
        self._row("copies", translate("Teach", "Copies left out"))
        self._row("conflicts", translate("Teach", "Held back"), self.conflicts)
        self._row("missing", translate("Teach", "Without a picture"))
        self._row("split", translate("Teach", "How they are split"))
        self._row("parent", translate("Teach", "Fine-tuned from"))
        self._row("challenge", translate("Teach", "Challenge set"), self.challenge)
        self._row("trainer", translate("Teach", "Trained by"))
        column.addLayout(self._facts)
        column.addWidget(self.remedy)
        for pair in ((self.start, self.resume), (self.elsewhere, self.bring)):
            row = FlowLayout()
            for button in pair:
                row.addWidget(button)
            column.addLayout(row)
        column.addStretch(1)
        self.setWidget(inside)

    def wait(self) -> None:
        """Nothing of it is known: it is being read, and what was shown before may be another product's."""
        self.headline.setText(translate("Teach", "Looking at what there is to learn from…"))
        for value in self._values.values():
            value.clear()
        self.remedy.hide()
        self.conflicts.hide()
        for button in (self.start, self.elsewhere):
            button.setEnabled(False)

    def show_prospect(self, prospect: Prospect) -> None:
        """Everything about the export that would be made."""
        plan = prospect.plan
        self.headline.setText(_headline(plan))
        kinds = ", ".join(f"{number(n)} {label or _unnamed()}" for label, n in sorted(plan.by_label.items()))
        self._say("kept", f"{number(plan.kept)}: {kinds}" if plan.kept else number(0))
        self._say("new", number(plan.new))
        none = translate("Teach", "none")
        copies = translate("Teach", "%n with the same pixels as another", "", plan.copies)
        self._say("copies", copies if plan.copies else none)
        held = translate("Teach", "%n picture(s) of which different things were said", "", len(plan.conflicts))
        self._say("conflicts", held if plan.conflicts else none)
        self.conflicts.setVisible(bool(plan.conflicts))
        missing = translate("Teach", "%n whose picture was not kept", "", plan.missing)
        self._say("missing", missing if plan.missing else none)
        self._say("split", _split(plan))
        parent = prospect.parent
        nobody = translate("Teach", "No model is active: activate one first.")
        self._say("parent", f"{parent.name} {parent.version}" if parent else nobody)
        self._say("challenge", prospect.challenge or translate("Teach", "none: only the corrections will be replayed"))
        self._say("trainer", prospect.trainer or translate("Teach", "no trainer on this station"))
        self.remedy.setText(prospect.remedy)
        self.remedy.setVisible(bool(prospect.remedy))
        ready = bool(plan.kept) and parent is not None
        self.start.setEnabled(ready and bool(prospect.trainer))
        self.elsewhere.setEnabled(ready)
        self.resume.setVisible(prospect.resumable)
        self.bring.setVisible(not prospect.trainer)

    def fact(self, name: str) -> str:
        """What stands beside a name, for those who read it aloud."""
        return self._values[name].text()

    def _row(self, name: str, title: str, button: QWidget | None = None) -> None:
        row = self._facts.rowCount()
        label = QLabel(title, wordWrap=True)
        label.setProperty("role", "normal")
        value = QLabel(wordWrap=True)
        value.setTextFormat(Qt.TextFormat.PlainText)
        value.setAccessibleName(title)
        self._values[name] = value
        self._facts.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        self._facts.addWidget(value, row, 1)
        if button is not None:
            self._facts.addWidget(button, row + 1, 1, Qt.AlignmentFlag.AlignLeft)

    def _say(self, name: str, text: str) -> None:
        self._values[name].setText(text)


def _headline(plan: ExportPlan) -> str:
    if not plan.parts:
        return translate("Teach", "There are no confirmed parts to export. Confirm or overrule some on Review first.")
    if not plan.kept:
        return translate("Teach", "None of the corrections can be exported: see below why.")
    return translate("Teach", "%n correction(s) will teach the model", "", plan.kept)


def _split(plan: ExportPlan) -> str:
    lots = translate("Teach", "%n lot(s)", "", plan.lots)
    if plan.grouping == "lot":
        said = translate("Teach", "By lot ({lots}): parts of one lot are never both learnt from and tested with.")
    elif plan.grouping == "part":
        said = translate("Teach", "By part number: with only {lots}, lots cannot be kept apart.")
    else:
        said = translate(
            "Teach", "Part by part: with only {lots}, lots cannot be kept apart, and neighbours may be on both sides."
        )
    return said.format(lots=lots)


def _unnamed() -> str:
    return translate("Teach", "NG without a class")
