"""A widget drawn for paper: in the light palette, at twice its size, off the screen."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageWriter, QPalette
from PySide6.QtWidgets import QWidget

from gui.theme.theme import Theme, scaled

TIMES = 2
"""Pixels of the picture for one of the widget."""


def paper_theme() -> Theme:
    """The light one; it keeps the size of type that is in force, which is the whole application's."""
    return Theme("light", scale=scaled(1000) / 1000)


class Paper:
    """A widget of `paper_theme`, shown at once, taken as a picture after the window had a turn to lay it out."""

    def __init__(self, widget: QWidget, theme: Theme, size: tuple[int, int]) -> None:
        self._widget, self._ground = widget, theme.colour("raised")
        # Its signals go to the widget as long as it is drawn.
        self._theme = theme
        palette = theme.palette()
        palette.setColor(QPalette.ColorRole.Window, self._ground)
        widget.setPalette(palette)
        widget.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        widget.resize(scaled(size[0]), scaled(size[1]))
        widget.show()

    def picture(self) -> QImage:
        """At twice its size."""
        image = QImage(self._widget.size() * TIMES, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(TIMES)
        image.fill(self._ground)
        self._widget.render(image)
        return image

    def close(self) -> None:
        """Let the widget go."""
        self._widget.close()
        self._widget.deleteLater()


def png_of(image: QImage) -> bytes:
    """The picture as PNG; on any thread."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())
