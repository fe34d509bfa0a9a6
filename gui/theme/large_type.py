"""Whether the type is so large that what lies side by side as designed has to lie one below the other."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget

from gui.theme.theme import scaled

LARGE_FROM = 140


def large_type() -> bool:
    """At 140 % of the size as designed and above; pages are built anew when the size changes."""
    return scaled(100) >= LARGE_FROM


def scrolling(inside: QWidget) -> QScrollArea:
    """The widget in an area that scrolls up and down where the room is not enough."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    return area
