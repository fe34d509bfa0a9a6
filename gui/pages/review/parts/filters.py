"""The filter bar of Review: the choices of every day in sight, the others under More."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from db.inspections.filters import MOST_IDS, Filter
from db.inspections.paging import Sort
from db.inspections.table import FilterChoices
from engine.domain.inspection import Outcome
from gui.i18n.language import translate
from gui.pages.review.parts.choices import chosen_text, fill, orders, plain_box, show_words, take_text, times
from gui.pages.review.parts.more import MoreFilters
from gui.theme.theme import SPACING, Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.key_button import KeyButton
from gui.widgets.verdict_chip import VerdictChip

TYPED_MS = 120
"""A number is taken over once nothing was typed for so long."""
BLIND_ORDERS = (Sort.NEWEST, Sort.OLDEST)
"""Orders that tell nothing of what the model said."""


class FilterBar(QWidget):
    """What is listed and in which order. `changed` follows every choice."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips = tuple(VerdictChip(theme, outcome) for outcome in Outcome)
        self.reviewed = plain_box(translate("Review", "Show"), show_words())
        self.label = plain_box(translate("Review", "Class"))
        self.time = plain_box(translate("Review", "Time"), times())
        self.order = plain_box(translate("Review", "Order"), orders())
        self.more_button = KeyButton(theme, translate("Review", "More"), "Shift+F", "filter", compact=True)
        self.more_button.setCheckable(True)
        self.more_button.setToolTip(translate("Review", "More filters: product, lot, model, recipe, score, own times"))
        self.clear_button = KeyButton(theme, translate("Review", "Clear"), "Shift+A", compact=True)
        self.clear_button.setToolTip(translate("Review", "Take every filter away"))
        self.more = MoreFilters(theme)
        self.more.hide()
        self._blind = False
        self._only = frozenset[str]()
        self._typed = QTimer(self, singleShot=True, interval=TYPED_MS)
        self.offer(FilterChoices((), (), (), ()))
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        row = FlowLayout(gap=SPACING // 2)
        for widget in (*self.chips, *self._boxes, self.order, self.more_button, self.clear_button):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addLayout(row)
        column.addWidget(self.more)

    def _connect(self) -> None:
        for chip in self.chips:
            chip.toggled.connect(self._chosen)
        for box in (*self._boxes, self.order):
            box.currentIndexChanged.connect(self._chosen)
        self.more.chosen.connect(self._chosen)
        self.more.typed.connect(self._typed.start)
        self._typed.timeout.connect(self._chosen)
        self.more_button.toggled.connect(self.more.setVisible)
        self.clear_button.clicked.connect(self.clear)

    # ── what is chosen ───────────────────────────────────────────────────────────────────────────────────────────
    @property
    def sort(self) -> Sort:
        """The order chosen; blind, the newest first instead of one that tells scores."""
        kind = Sort(self.order.currentData())
        return kind if not self.blind or kind in BLIND_ORDERS else Sort.NEWEST

    @property
    def audit(self) -> bool:
        """True while only the parts of the random audit are asked for."""
        return chosen_text(self.reviewed) == "audit"

    @property
    def blind(self) -> bool:
        """True while filters and orders that would tell the verdict are out of force."""
        return self._blind or self.audit

    def set_blind(self, blind: bool) -> None:
        """Put the filters that tell the verdict out of force, or back."""
        self._blind = blind
        self._show_state()

    @property
    def filtered(self) -> bool:
        """True while anything is filtered out."""
        return any(b.currentIndex() > 0 for b in self._boxes) or self._chips_on or self.more.active > 0

    def filter(self, now: datetime) -> Filter:
        """The database filter; `now` is what the times count back from."""
        outcomes = frozenset(c.outcome for c in self.chips if c.isChecked())
        label, shown = self.label.currentData(), self.reviewed.currentData()
        sure = Sort(self.order.currentData()) is Sort.FARTHEST
        wanted = Filter(
            outcomes=outcomes or None,
            labels=frozenset((label,)) if label else None,
            overridden=True if shown == "overridden" else None,
            unreviewed_only=shown == "unreviewed",
            disagrees=True if shown == "disagrees" or (sure and not self.blind) else None,
            commented=True if shown == "commented" else None,
            audit=shown == "audit",
            unknown=shown == "unknown" and not self.blind,
            ids=self._only if shown == "only" else None,
        )
        wanted = self.more.narrow(wanted, str(self.time.currentData() or ""), now)
        if self.blind:
            wanted = replace(wanted, outcomes=None, labels=None, min_score=None, max_score=None, disagrees=None)
        return wanted

    def offer(self, choices: FilterChoices) -> None:
        """What there is to choose from; what is chosen now stays chosen."""
        fill(self.label, translate("Review", "Class"), choices.labels)
        self.more.offer(choices)

    def show_audit(self) -> None:
        """Only the parts of the random audit, blind."""
        self._quietly(self._reset)
        self._quietly(lambda: self.reviewed.setCurrentIndex(self.reviewed.findData("audit")))

    def show_only(self, ids: Sequence[str]) -> None:
        """Only these parts, until another choice is made under Show."""
        self._only = frozenset(ids[:MOST_IDS])
        self._quietly(self._reset)
        words = translate("Review", "%n part(s) asked for", "", len(self._only))
        row = self.reviewed.findData("only")
        if row < 0:
            self._quietly(lambda: self.reviewed.addItem(words, "only"))
            row = self.reviewed.count() - 1
        self.reviewed.setItemText(row, words)
        self._quietly(lambda: self.reviewed.setCurrentIndex(row))

    def clear(self) -> None:
        """No filter; the order stays."""
        self._quietly(self._reset)
        self._chosen()

    def toggle_more(self) -> None:
        """Open or close the further filters."""
        self.more_button.toggle()

    # ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────
    def state(self) -> dict[str, Any]:
        """All that is chosen, as JSON values."""
        return {
            "verdicts": [str(c.outcome) for c in self.chips if c.isChecked()],
            "show": chosen_text(self.reviewed),
            "label": chosen_text(self.label),
            "time": chosen_text(self.time),
            "order": chosen_text(self.order),
            "open": self.more_button.isChecked(),
            **self.more.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Choose again what `state` says, as far as it makes sense."""
        self._quietly(lambda: self._restore(state))

    def _restore(self, state: Mapping[str, Any]) -> None:
        verdicts = state.get("verdicts")
        for chip in self.chips:
            chip.setChecked(isinstance(verdicts, list) and str(chip.outcome) in verdicts)
        for box, name in ((self.reviewed, "show"), (self.time, "time"), (self.order, "order")):
            take_text(box, state.get(name))
        take_text(self.label, state.get("label"), free=True)
        self.more.restore(state)
        self.more_button.setChecked(state.get("open") is True)
        self.more.setVisible(self.more_button.isChecked())

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def _boxes(self) -> tuple[QComboBox, ...]:
        return (self.reviewed, self.label, self.time)

    @property
    def _chips_on(self) -> bool:
        return any(c.isChecked() for c in self.chips)

    def _reset(self) -> None:
        for chip in self.chips:
            chip.setChecked(False)
        for box in self._boxes:
            box.setCurrentIndex(0)
        self.more.clear()

    def _quietly(self, act: Callable[[], object]) -> None:
        blockers = [QSignalBlocker(w) for w in (*self.chips, *self._boxes, self.order, self.more)]
        act()
        for blocker in blockers:
            blocker.unblock()
        self._typed.stop()
        self._show_state()

    def _chosen(self) -> None:
        if self.time.currentData() == "own" and not self.more_button.isChecked():
            self.more_button.setChecked(True)
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        """Count what is chosen under More; put out of reach what would tell a verdict."""
        count = self.more.active
        more = translate("Review", "More")
        self.more_button.setText(f"{more} ({count})" if count else more)
        self.more_button.updateGeometry()
        self.more.own_times(self.time.currentData() == "own")
        for widget in (*self.chips, self.label):
            widget.setEnabled(not self.blind)
        self.more.set_blind(self.blind)
        for row in range(self.order.count()):
            item = self.order.model().index(row, 0)
            telling = self.blind and Sort(self.order.itemData(row)) not in BLIND_ORDERS
            self.order.model().setData(item, 0 if telling else None, Qt.ItemDataRole.UserRole - 1)
