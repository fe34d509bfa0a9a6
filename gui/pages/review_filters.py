"""The filter bar of Review: verdict chips and plain choices, turned into a database filter and an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from db.inspections import Choices, Filter
from db.paging import Sort
from engine.domain import Outcome
from gui.theme import SPACING, Theme
from gui.widgets.key_button import KeyButton
from gui.widgets.verdict_chip import VerdictChip

SORTS = (
    ("Newest", Sort.NEWEST),
    ("Mistakes", Sort.MISTAKES),
    ("Closest call", Sort.CLOSEST),
    ("High score", Sort.SCORE),
    ("Oldest", Sort.OLDEST),
)
TIMES = (("Time", None), ("Last hour", 1.0), ("Last 8 hours", 8.0), ("Last 24 hours", 24.0), ("Last 7 days", 168.0))
SCORES: tuple[tuple[str, tuple[float, float] | None], ...] = (
    ("Score", None),
    ("0.90 – 1.00", (0.9, 1.0)),
    ("0.50 – 0.90", (0.5, 0.9)),
    ("0.10 – 0.50", (0.1, 0.5)),
    ("0.00 – 0.10", (0.0, 0.1)),
)
REVIEWED = (("All", ""), ("To review", "unreviewed"), ("You corrected", "overridden"))


class FilterBar(QWidget):
    """What is listed and in which order. `changed` follows every choice."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips = tuple(VerdictChip(theme, outcome) for outcome in Outcome)
        self.label, self.lot, self.model = _choice("Class"), _choice("Lot"), _choice("Model")
        self.time, self.score = _choice("Time"), _choice("Score")
        self.reviewed, self.order = _choice("Reviewed"), _choice("Order")
        for box, pairs in ((self.time, TIMES), (self.score, SCORES), (self.reviewed, REVIEWED), (self.order, SORTS)):
            for text, value in pairs:
                box.addItem(text, value)
        self.clear_button = KeyButton(theme, "Clear", "⇧A", compact=True)
        self.clear_button.setToolTip("Take every filter away")
        self.clear_button.clicked.connect(self.clear)
        self.offer(Choices((), (), (), ()))
        self._lay_out()
        for chip in self.chips:
            chip.toggled.connect(self.changed)
        for box in self._boxes:
            box.currentIndexChanged.connect(self.changed)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING // 2)
        for chip in self.chips:
            row.addWidget(chip)
        row.addSpacing(SPACING // 2)
        for box in self._boxes:
            row.addWidget(box, 1)
        row.addWidget(self.clear_button)

    @property
    def _boxes(self) -> tuple[QComboBox, ...]:
        return (self.reviewed, self.label, self.time, self.lot, self.model, self.score, self.order)

    @property
    def sort(self) -> Sort:
        """The order chosen."""
        return Sort(self.order.currentData())

    @property
    def filtered(self) -> bool:
        """True while anything is filtered out."""
        boxes = [b for b in self._boxes if b is not self.order]
        return any(b.currentIndex() > 0 for b in boxes) or any(c.isChecked() for c in self.chips)

    def filter(self, now: datetime) -> Filter:
        """The database filter; `now` is what the times count back from."""
        outcomes = frozenset(c.outcome for c in self.chips if c.isChecked())
        label, hours, score = self.label.currentData(), self.time.currentData(), self.score.currentData()
        reviewed = self.reviewed.currentData()
        return Filter(
            outcomes=outcomes or None,
            labels=frozenset((label,)) if label else None,
            lot=self.lot.currentData(),
            model=self.model.currentData(),
            since=now - timedelta(hours=hours) if hours else None,
            overridden=True if reviewed == "overridden" else None,
            min_score=score[0] if score else None,
            max_score=score[1] if score else None,
            unreviewed_only=reviewed == "unreviewed",
        )

    def offer(self, choices: Choices) -> None:
        """What there is to choose from; what is chosen now stays chosen."""
        _fill(self.label, "Class", choices.labels)
        _fill(self.lot, "Lot", choices.lots)
        _fill(self.model, "Model", choices.models)

    def clear(self) -> None:
        """No filter; the order stays."""
        blockers = [QSignalBlocker(w) for w in (*self.chips, *self._boxes)]
        for chip in self.chips:
            chip.setChecked(False)
        for box in self._boxes:
            if box is not self.order:
                box.setCurrentIndex(0)
        for blocker in blockers:
            blocker.unblock()
        self.changed.emit()


def _choice(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setMinimumWidth(84)
    box.setMinimumContentsLength(4)
    box.view().setMinimumWidth(180)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box


def _fill(box: QComboBox, none: str, values: Sequence[str]) -> None:
    chosen: Any = box.currentData()
    blocker = QSignalBlocker(box)
    box.clear()
    box.addItem(none, None)
    for value in values:
        box.addItem(value, value)
    box.setCurrentIndex(max(0, box.findData(chosen) if chosen else 0))
    blocker.unblock()
