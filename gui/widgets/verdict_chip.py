"""Verdicts in tables and filters: always the shape, the word and the colour together."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QToolButton, QWidget

from engine.domain.inspection import Outcome, Verdict
from gui.i18n.language import outcome_word, translate
from gui.theme.theme import Theme, draw_mark, scaled
from gui.widgets.calm_table import OUTCOME_ROLE, UNKNOWN_ROLE
from gui.widgets.pictures.thumbnails import still_icon

MARK = 16
_RATIO = 2.0


def verdict_icon(theme: Theme, verdict: Verdict, size: int = MARK) -> QIcon:
    """As `outcome_icon`, with an unknown part's own shape."""
    return outcome_icon(theme, verdict.outcome, size, unknown=verdict.unknown)


def outcome_icon(theme: Theme, outcome: Outcome, size: int = MARK, *, unknown: bool = False) -> QIcon:
    """The outcome's shape in its colour, sharp on twice as dense screens; `size` as designed."""
    size = scaled(size)
    pixmap = QPixmap(round(size * _RATIO), round(size * _RATIO))
    pixmap.setDevicePixelRatio(_RATIO)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_mark(painter, outcome, QRectF(1, 1, size - 2, size - 2), theme.outcome_colour(outcome), unknown=unknown)
    painter.end()
    return still_icon(pixmap)


class VerdictDelegate(QStyledItemDelegate):
    """Draws the verdict's shape before the word in cells that have an OUTCOME_ROLE."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons: dict[tuple[Outcome, bool], QIcon] = {}
        theme.changed.connect(self._forget)

    def _forget(self) -> None:
        self._icons.clear()

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Add the shape to what the cell shows."""
        super().initStyleOption(option, index)
        named: Any = index.data(OUTCOME_ROLE)  # Qt hands a StrEnum back as plain text
        if not named:
            return
        outcome, unknown = shown = Outcome(named), bool(index.data(UNKNOWN_ROLE))
        if shown not in self._icons:
            self._icons[shown] = outcome_icon(self._theme, outcome, unknown=unknown)
        changed: Any = option  # PySide's stubs do not know that an option's fields can be set.
        changed.icon = self._icons[shown]
        changed.decorationSize = QSize(scaled(MARK), scaled(MARK))
        changed.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration


class VerdictChip(QToolButton):
    """A filter button of one verdict: pressed in = shown."""

    def __init__(self, theme: Theme, outcome: Outcome, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self.outcome = theme, outcome
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(scaled(MARK), scaled(MARK)))
        self.setText(outcome_word(outcome))
        self.setAccessibleName(translate("Review", "Show {verdict} parts").format(verdict=outcome_word(outcome)))
        self._draw()
        theme.changed.connect(self._draw)

    def _draw(self) -> None:
        self.setIcon(outcome_icon(self._theme, self.outcome))
