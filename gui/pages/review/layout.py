"""How Review lies on its page, and what it says where there is no part."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from gui.i18n.language import translate
from gui.pages.review.word.verdict import large_type
from gui.theme.theme import SPACING, TOUCH, scaled

LEAST_PICTURE = 160


def nothing() -> str:
    """Of a station that has inspected nothing."""
    return translate(
        "Review", "No part has been inspected yet.\nStart the line on Live (Ctrl+1), or scan a folder (Ctrl+3)."
    )


def no_match() -> str:
    """Of filters that leave nothing."""
    return translate("Review", "No part passes these filters.\nShift+A takes them away.")


def arranged(
    parts: QWidget, picture: QWidget, past: QWidget, strip: QWidget, panel: QWidget
) -> tuple[QSplitter, QWidget]:
    """List at the left; at the right the picture between history and tools, and what is said of it below.

    Returns the whole, and what holds the tools.
    """
    tools = QScrollArea(widgetResizable=True)
    tools.setFrameShape(QFrame.Shape.NoFrame)
    tools.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    tools.setWidget(strip)
    tools.setFixedWidth(strip.sizeHint().width() + tools.verticalScrollBar().sizeHint().width())
    picture.setMinimumHeight(max(LEAST_PICTURE, scaled(120)))
    middle = QHBoxLayout()
    middle.setSpacing(SPACING)
    middle.addWidget(picture, 1)
    middle.addWidget(past)
    middle.addWidget(tools)
    holder = QWidget()
    right = QVBoxLayout(holder)
    right.setContentsMargins(0, 0, 0, 0)
    right.setSpacing(SPACING)
    right.addLayout(middle, 1)
    right.addWidget(_scrolled(panel) if large_type() else panel, 1 if large_type() else 0)
    split = QSplitter(Qt.Orientation.Horizontal)
    split.addWidget(parts)
    split.addWidget(holder)
    split.setStretchFactor(0, 0)
    split.setStretchFactor(1, 1)
    split.setChildrenCollapsible(False)
    split.setHandleWidth(SPACING)
    split.setStyleSheet("QSplitter::handle { background: transparent; }")
    return split, tools


def _scrolled(panel: QWidget) -> QScrollArea:
    area = QScrollArea(widgetResizable=True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(panel)
    area.setMinimumHeight(2 * TOUCH)
    return area
