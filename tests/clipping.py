"""Finds texts that do not fit where they stand: cut labels, buttons too small, widgets pushed out of the window."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QWidget,
)

from gui.widgets.key_button import KeyButton

_TAG = re.compile(r"</?[a-z]+[^<>]*>")
SLACK = 2
"""Pixels: rounding of scaled type."""


def clipped(window: QWidget) -> list[str]:
    """One line for every visible text of the window that is cut off."""
    return [f"{_place(widget)}: {why}" for widget in window.findChildren(QWidget) for why in _troubles(widget, window)]


def _troubles(widget: QWidget, window: QWidget) -> Iterator[str]:
    if not widget.isVisible() or not _shows_text(widget):
        return
    yield from _too_small(widget)
    seen = _seen(widget, window)
    if not seen.contains(QRect(QPoint(0, 0), widget.size()).adjusted(SLACK, SLACK, -SLACK, -SLACK)):
        yield f"'{_text(widget)}' is cut by what holds it: {widget.width()}×{widget.height()} shows {seen.getRect()}"


def _shows_text(widget: QWidget) -> bool:
    return isinstance(widget, QLabel | QAbstractButton | QComboBox | QLineEdit) and bool(_text(widget).strip())


def _text(widget: QWidget) -> str:
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        return widget.text()
    return widget.currentText() if isinstance(widget, QComboBox) else ""


def _too_small(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel):
        yield from _label(widget)
    elif isinstance(widget, QPushButton | QToolButton | QCheckBox | QRadioButton):
        need = widget.sizeHint()
        if isinstance(widget, KeyButton):
            # It leaves its key cap out before its word.
            need.setWidth(widget.word_width)
        if widget.width() + SLACK < need.width() or widget.height() + SLACK < _least_height(widget):
            yield f"'{widget.text()}' needs {need.width()}×{need.height()}, has {widget.width()}×{widget.height()}"


def _least_height(widget: QAbstractButton) -> int:
    return min(widget.sizeHint().height(), widget.fontMetrics().height() + 4)


def _label(label: QLabel) -> Iterator[str]:
    if label.property("elides") or label.pixmap().isNull() is False:
        return
    room = label.contentsRect().adjusted(label.margin(), label.margin(), -label.margin(), -label.margin())
    rich = label.textFormat() is Qt.TextFormat.RichText or (
        label.textFormat() is Qt.TextFormat.AutoText and bool(_TAG.search(label.text()))
    )
    if rich:
        document = QTextDocument()
        document.setDefaultFont(label.font())
        document.setHtml(label.text())
        document.setDocumentMargin(0)
        document.setTextWidth(room.width() if label.wordWrap() else -1)
        width, height = round(document.idealWidth()), round(document.size().height())
    else:
        flags = Qt.TextFlag.TextWordWrap.value if label.wordWrap() else 0
        box = label.fontMetrics().boundingRect(QRect(0, 0, max(1, room.width()), 10_000), flags, label.text())
        width, height = box.width(), box.height()
    if width > room.width() + SLACK or height > room.height() + SLACK + label.fontMetrics().descent():
        yield f"'{label.text()[:60]}' needs {width}×{height}, has {room.width()}×{room.height()}"


def _seen(widget: QWidget, window: QWidget) -> QRect:
    """What of the widget lies inside all that holds it; a scroll area shows the rest when it is scrolled."""
    seen = widget.rect()
    at, holder = QPoint(0, 0), widget
    while holder is not window and holder.parentWidget() is not None:
        at += holder.pos()
        holder = holder.parentWidget()
        if isinstance(holder.parentWidget(), QScrollArea) or isinstance(holder, QAbstractScrollArea):
            return seen
        seen = seen.intersected(holder.rect().translated(-at))
    return seen


def _place(widget: QWidget) -> str:
    names: list[str] = []
    holder: QWidget | None = widget
    while holder is not None and len(names) < 4:
        names.append(type(holder).__name__)
        holder = holder.parentWidget()
    return " in ".join(names)


def unnamed(window: QWidget) -> list[str]:
    """Visible fields, lists and buttons without a word that a screen reader could say."""
    kinds = QLineEdit | QComboBox | QAbstractSpinBox | QSlider | QAbstractItemView
    found = []
    for widget in window.findChildren(QWidget):
        holder = widget.parentWidget()
        if (
            not widget.isVisible()
            or isinstance(widget, QHeaderView)
            or isinstance(holder, QAbstractSpinBox | QComboBox)
        ):
            continue
        wordless = isinstance(widget, QAbstractButton) and not widget.text().strip()
        if (isinstance(widget, kinds) or wordless) and not widget.accessibleName():
            found.append(_place(widget))
    return found
