"""A button that shows its key: word at the left, key cap at the right."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QStylePainter, QWidget

from gui.i18n.language import translate
from gui.theme.icons import icon
from gui.theme.theme import NORMAL, SMALL, SPACING, TOUCH, Theme, font, scaled

ICON = 20
CAP_HEIGHT = 18


def key_words(sequence: str) -> str:
    """A key as it stands on its cap: `Ctrl+Left` is `Ctrl+←`, in German `Strg+←`."""
    words = {
        "Ctrl": translate("Keys", "Ctrl"),
        "Shift": translate("Keys", "Shift"),
        "Space": translate("Keys", "Space"),
        "Escape": translate("Keys", "Esc"),
        "Esc": translate("Keys", "Esc"),
        "Delete": translate("Keys", "Del"),
        "Del": translate("Keys", "Del"),
        "PgUp": translate("Keys", "PgUp"),
        "PgDown": translate("Keys", "PgDn"),
        "Return": "↵",
        "Left": "←",
        "Right": "→",
        "Up": "↑",
        "Down": "↓",
        "Comma": ",",
        "Period": ".",
        "Backspace": "⌫",
    }
    return "+".join(words.get(part, part) for part in sequence.split("+")) if sequence != "+" else "+"


class KeyButton(QPushButton):
    """A push button with a key cap. `primary` is the page's one act that matters now."""

    def __init__(
        self,
        theme: Theme,
        text: str,
        key: str = "",
        icon_name: str = "",
        *,
        primary: bool = False,
        compact: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._theme, self._key, self._icon_name = theme, key_words(key), icon_name
        self._compact, self._mark = compact, QIcon()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if primary:
            self.setProperty("role", "primary")
        described = translate("Keys", "Key {key}").format(key=self._key)
        self.setAccessibleDescription(described if self._key else "")
        theme.changed.connect(self.update)

    def set_icon(self, name: str) -> None:
        """Another icon of the theme."""
        self._icon_name = name
        self.update()

    def set_mark(self, mark: QIcon) -> None:
        """A coloured icon (a verdict's shape) in place of the theme's."""
        self._mark = mark
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Icon, word and key cap with a grid step between them."""
        metrics = QFontMetrics(font(NORMAL))
        width = 3 * SPACING + metrics.horizontalAdvance(self.text())
        width += scaled(ICON) + SPACING if self._has_icon else 0
        width += self._cap_width() + SPACING if self._key else 0
        height = scaled(TOUCH - SPACING if self._compact else TOUCH)
        return QSize(width, max(TOUCH, height) if self._theme.touch else height)

    def minimumSizeHint(self) -> QSize:
        """No smaller: a cut word is no word."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The style's frame, then icon, word and key cap."""
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, primary = self._theme.colours, self.property("role") == "primary" and self.isEnabled()
        ink = self._theme.colour("on_accent" if primary else "text" if self.isEnabled() else "muted")
        left = self.rect().adjusted(3 * SPACING // 2, 0, -3 * SPACING // 2, 0)
        if self._has_icon:
            mark = self._mark if not self._mark.isNull() else icon(self._icon_name, ink.name())
            mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
            side = scaled(ICON)
            mark.paint(painter, QRect(left.x(), (self.height() - side) // 2, side, side), mode=mode)
            left.setLeft(left.x() + side + SPACING)
        painter.setFont(font(NORMAL))
        painter.setPen(ink)
        if primary and self.hasFocus():
            # The sheet's ring has the fill's own colour.
            painter.drawRoundedRect(self.rect().adjusted(3, 3, -4, -4), 3, 3)
        shown = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, left.width())
        painter.drawText(left, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        # Where the place is not enough, the word goes first; the key is in the tip and in the table of keys.
        room = left.width() - painter.fontMetrics().horizontalAdvance(self.text())
        if self._key and (room >= self._cap_width() + SPACING // 2 or not self.text()):
            cap = QRect(0, 0, self._cap_width(), scaled(CAP_HEIGHT))
            cap.moveCenter(left.center())
            cap.moveRight(left.right())
            ring = ink if primary else self._theme.colour("line")
            painter.setPen(ring)
            painter.drawRoundedRect(cap.adjusted(0, 0, -1, -1), 3, 3)
            painter.setPen(ink if primary else colours.muted)
            painter.setFont(font(SMALL))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)

    @property
    def word_width(self) -> int:
        """Width in pixels without the key cap."""
        return self.sizeHint().width() - (self._cap_width() + SPACING if self._key else 0)

    @property
    def _has_icon(self) -> bool:
        return bool(self._icon_name) or not self._mark.isNull()

    def _cap_width(self) -> int:
        return max(scaled(CAP_HEIGHT), QFontMetrics(font(SMALL)).horizontalAdvance(self._key) + SPACING)
