"""A PDF from HTML with Qt's own text engine: A4, numbered pages, pictures as data URIs. Runs on any thread."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextDocument,
)

from engine.errors import StorageError
from gui.i18n.language import translate
from gui.theme.theme import FAMILIES

DPI = 96
MARGIN_MM = 15.0
FOOT = 32
"""Height of the foot with the page number, in pixels of 1/96 inch."""


def write_pdf(html: str, path: Path, title: str) -> None:
    """Write `html` (what QTextDocument draws: tables, images, no scripts, no SVG) to `path`. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            draft = Path(folder) / "draft.pdf"
            _draw(html, draft, title)
            if not draft.exists() or draft.stat().st_size == 0:
                raise OSError(translate("Window", "nothing was written"))
            draft.replace(path)
    except OSError as error:
        raise StorageError(
            translate("Window", "{path} could not be written: {why}.").format(path=path, why=error.strerror or error),
            translate("Window", "Close it in other programs, free some space, then try again."),
        ) from error


def page_size() -> QSizeF:
    """Of the text on a page, in pixels of 1/96 inch."""
    room = _layout().paintRectPixels(DPI)
    return QSizeF(room.width(), room.height() - FOOT)


def new_document() -> QTextDocument:
    """An empty text as it is set on paper."""
    document = QTextDocument()
    font = QFont()
    font.setFamilies(FAMILIES)
    font.setPixelSize(12)
    document.setDefaultFont(font)
    document.setDocumentMargin(0)
    return document


def _layout() -> QPageLayout:
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    return QPageLayout(
        QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter
    )


def _draw(html: str, path: Path, title: str) -> None:
    writer = QPdfWriter(str(path))
    writer.setTitle(title)
    writer.setCreator("Lineside")
    writer.setResolution(DPI)
    writer.setPageLayout(_layout())
    width, height = page_size().width(), page_size().height()
    document = new_document()
    document.setPageSize(page_size())
    document.setHtml(html)
    pages = document.pageCount()
    painter = QPainter(writer)
    painter.setFont(document.defaultFont())
    for page in range(pages):
        if page:
            writer.newPage()
        painter.save()
        painter.translate(0, -page * height)
        _draw_text(document, painter, QRectF(0, page * height, width, height))
        painter.restore()
        foot = QRectF(0, height, width, FOOT)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, f"{page + 1} / {pages}")
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, title)
    painter.end()


def _draw_text(document: QTextDocument, painter: QPainter, seen: QRectF) -> None:
    """In black: of the window's palette text would be nearly white in the dark theme."""
    context, ink = QAbstractTextDocumentLayout.PaintContext(), QPalette()
    ink.setColor(QPalette.ColorRole.Text, Qt.GlobalColor.black)
    context.clip, context.palette = seen, ink
    painter.setClipRect(seen)
    document.documentLayout().draw(painter, context)
