"""The choices of Review's filter bar in words, and the boxes that offer them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox

from db.inspections.paging import Sort
from gui.i18n.language import translate
from gui.theme.large_type import large_type
from gui.theme.theme import scaled

LONGEST = 200
"""Characters of a value that a settings file may bring."""
HOURS = {"1h": 1.0, "8h": 8.0, "24h": 24.0, "7d": 168.0, "30d": 720.0}


def orders() -> list[tuple[str, str]]:
    """The orders of the list."""
    return [
        (translate("Review", "Newest"), Sort.NEWEST),
        (translate("Review", "Mistakes first"), Sort.MISTAKES),
        (translate("Review", "Most confident mistakes"), Sort.FARTHEST),
        (translate("Review", "Closest to the threshold"), Sort.CLOSEST),
        (translate("Review", "Highest score"), Sort.SCORE),
        (translate("Review", "Oldest"), Sort.OLDEST),
    ]


def times() -> list[tuple[str, str]]:
    """How far back; `own` has its two ends under More."""
    return [
        (translate("Review", "Any time"), ""),
        (translate("Review", "Last hour"), "1h"),
        (translate("Review", "Last 8 hours"), "8h"),
        (translate("Review", "Last 24 hours"), "24h"),
        (translate("Review", "Last 7 days"), "7d"),
        (translate("Review", "Last 30 days"), "30d"),
        (translate("Review", "From … to …"), "own"),
    ]


def show_words() -> list[tuple[str, str]]:
    """What people said of the parts, or have yet to say."""
    return [
        (translate("Review", "All parts"), ""),
        (translate("Review", "To review"), "unreviewed"),
        (translate("Review", "Corrected or confirmed"), "overridden"),
        (translate("Review", "You disagree"), "disagrees"),
        (translate("Review", "With a comment"), "commented"),
        (translate("Review", "Unknown"), "unknown"),
        (translate("Review", "Random audit waiting"), "audit"),
    ]


def plain_box(name: str, values: Sequence[tuple[str, str]] = ()) -> QComboBox:
    """A box of choices as wide as a word, its list as wide as its longest entry."""
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setMinimumContentsLength(6 if large_type() else 5)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    for text, value in values:
        box.addItem(text, str(value))
    _widen(box)
    return box


def fill(box: QComboBox, none: str, values: Sequence[str]) -> None:
    """Offer these values; the one that is chosen stays, even where it is none of them."""
    chosen: Any = box.currentData()
    blocker = QSignalBlocker(box)
    box.clear()
    box.addItem(none, "")
    for value in values if not chosen or chosen in values else (*values, chosen):
        box.addItem(value, value)
    box.setCurrentIndex(max(0, box.findData(chosen)) if chosen else 0)
    blocker.unblock()
    _widen(box)


def chosen_text(box: QComboBox) -> str:
    """The value chosen; empty = none."""
    return str(box.currentData() or "")


def take_text(box: QComboBox, value: object, *, free: bool = False) -> None:
    """Choose a value that a file brought; `free`: one that is not on the list joins it."""
    if not isinstance(value, str) or len(value) > LONGEST:
        value = ""
    if free and value and box.findData(value) < 0:
        box.addItem(value, value)
    box.setCurrentIndex(max(0, box.findData(value)))


def _widen(box: QComboBox) -> None:
    metrics = box.fontMetrics()
    widest = max((metrics.horizontalAdvance(box.itemText(row)) for row in range(min(box.count(), 200))), default=0)
    box.view().setMinimumWidth(min(scaled(480), max(scaled(160), widest + scaled(40))))
