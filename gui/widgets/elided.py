"""Text that is cut shows it: lines that end in “…”, and a label and a button that keep all of it in the tip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent, QTextLayout
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QStyle, QStyleOption, QWidget

from gui.theme.theme import SMALL, SPACING, Theme, font, scaled

PADDING = 2 * SPACING + 2
"""What padding and frame take of a button's width."""


def lines_of(text: str, type_: QFont, width: float, rows: int) -> list[str]:
    """The text broken at words into at most `rows` lines of this width in pixels; the last one ends in “…” if cut."""
    found: list[str] = []
    for paragraph in text.split("\n"):
        layout, starts = QTextLayout(paragraph, type_), list[int]()
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1.0, width))
            starts.append(line.textStart())
        layout.endLayout()
        ends = [*starts[1:], len(paragraph)]
        found += [paragraph[a:b].rstrip() for a, b in zip(starts, ends, strict=True)]
    if len(found) > rows:
        found = [*found[: max(0, rows - 1)], " ".join(found[max(0, rows - 1) :])]
    return [elided(line, type_, width) for line in found[:rows]]


def elided(text: str, type_: QFont, width: float) -> str:
    """One line of it, ending in “…” if cut."""
    return QFontMetrics(type_).elidedText(text, Qt.TextElideMode.ElideRight, int(width))


class CutLabel(QLabel):
    """One line of plain text that takes the width it gets."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("elides", True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        """Another text."""
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:
        """One line, however narrow."""
        return QSize(0, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text, cut at the end."""
        painter, option = QPainter(self), QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)
        painter.drawText(self.rect(), _LEFT, elided(self.text(), self.font(), self.width()))


class ElidedButton(QPushButton):
    """A button that may be narrower than its text; the whole of it is in the tip, with the key."""

    def __init__(self, name: str, key: str, parent: QWidget | None = None, *, type_size: int = 0) -> None:
        """`type_size`: of bold letters in pixels; 0 = as everywhere."""
        super().__init__(parent)
        self._name, self._key, self._full = name, key, ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        large = f" font-size: {type_size}px; font-weight: bold; min-height: {type_size + SPACING}px;"
        self.setStyleSheet(f"padding: 0 {SPACING}px;{large if type_size else ''}")

    @property
    def full(self) -> str:
        """The whole text."""
        return self._full

    def set_full(self, text: str) -> None:
        """Show this, or as much of it as there is room for."""
        self._full = text
        self.setToolTip(f"{self._name}: {text}   [{self._key}]")
        self.setAccessibleName(f"{self._name}: {text}")
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut anew."""
        super().resizeEvent(event)
        self._cut()

    def minimumSizeHint(self) -> QSize:
        """Narrower than its text."""
        return QSize(scaled(48), super().minimumSizeHint().height())

    def _cut(self) -> None:
        self.ensurePolished()
        room = self.width() - PADDING - (self.iconSize().width() + SPACING // 2 if not self.icon().isNull() else 0)
        shown = elided(self._full, self.font(), max(0, room))
        # An ampersand in a name is no mnemonic.
        self.setText(shown.replace("&", "&&"))


class Remark(QWidget):
    """One or two quiet lines, as many as there is room for; what does not fit is in the tip."""

    def __init__(self, theme: Theme, rows: int = 2, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._rows, self._text, self._token = theme, rows, "", "muted"
        self._line = QFontMetrics(font(SMALL)).lineSpacing()
        self.setMinimumHeight(self._line)
        self.setMaximumHeight(rows * self._line)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        theme.changed.connect(self.update)

    def text(self) -> str:
        """What it says."""
        return self._text

    def set_token(self, token: str) -> None:
        """In another of the theme's colours."""
        self._token = token
        self.update()

    def setText(self, text: str) -> None:
        """Say this."""
        self._text = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        """As many lines as it may have."""
        return QSize(120, self._rows * self._line)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines."""
        painter = QPainter(self)
        painter.setFont(font(SMALL))
        painter.setPen(self._theme.colour(self._token))
        rows = max(1, self.height() // self._line)
        lines = lines_of(self._text, painter.font(), self.width(), rows)
        top = (self.height() - len(lines) * self._line) // 2 if self._rows == 1 else 0
        for index, line in enumerate(lines):
            painter.drawText(0, top + index * self._line, self.width(), self._line, _LEFT, line)


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
