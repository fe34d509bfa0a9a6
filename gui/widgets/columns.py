"""Parts of a page side by side: the borders between them can be moved, and are found again where they were."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from gui.theme.theme import SPACING

WIDEST = 10_000
"""Pixels; more is no width of a column."""


class Columns(QSplitter):
    """`wide` grows with the window, the others keep their widths. `moved` carries all widths once one was moved."""

    moved = Signal(object)

    def __init__(self, parts: Sequence[QWidget], wide: QWidget, gap: int = 2 * SPACING) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        for place, part in enumerate(parts):
            self.addWidget(part)
            self.setStretchFactor(place, int(part is wide))
        self.setHandleWidth(gap)
        self.setChildrenCollapsible(False)
        self.setStyleSheet("QSplitter::handle { background: transparent; }")
        self.splitterMoved.connect(self._tell)

    def _tell(self) -> None:
        self.moved.emit(self.sizes())


def kept_widths(kept: object, columns: int) -> list[int]:
    """The widths in pixels as they were remembered; empty where that is no such thing."""
    if isinstance(kept, list) and len(kept) == columns and all(isinstance(n, int) and 0 < n < WIDEST for n in kept):
        return [int(n) for n in kept]
    return []
