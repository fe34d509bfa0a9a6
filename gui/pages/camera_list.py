"""The left column of the Camera page: the cameras found, with a small picture each, and what else can be opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.sources.base import SourceInfo
from gui.icons import icon
from gui.pages.camera_feed import plain_tip
from gui.tables.calm import mixed
from gui.theme import NORMAL, SMALL, SPACING, Theme, font
from gui.widgets.key_button import KeyButton
from gui.widgets.pixel_images import as_image

URI = Qt.ItemDataRole.UserRole
INFO = Qt.ItemDataRole.UserRole + 1
PICTURE = Qt.ItemDataRole.UserRole + 2
NOTE = Qt.ItemDataRole.UserRole + 3

ROW = QSize(240, 72)
SHOT = QSize(72, 56)
KINDS = {
    "uvc": "USB",
    "gige": "GigE Vision",
    "genicam": "GenICam",
    "basler": "Basler",
    "stream": "Stream",
    "demo": "Simulated",
    "folder": "Folder",
    "watch": "Watch folder",
    "video": "Video",
}
NONE_FOUND = (
    "<b>No camera was found.</b>"
    "<p>Plug it in, give it power and close other programs that use it; then press Find again.</p>"
    "<p>GenICam: install its maker's driver, so that GENICAM_GENTL64_PATH names its folder, or Aravis.</p>"
    "<p>Basler: install Lineside's <i>basler</i> extra.</p>"
)
DEMO = SourceInfo("demo:", "Demo line", "demo")


class CameraList(QWidget):
    """`chosen` carries the URI of what somebody clicked, typed or picked."""

    chosen = Signal(str)
    again = Signal()
    """Look for cameras once more."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.find_button = KeyButton(theme, "Find again", "D", "search", compact=True)
        self.progress = QProgressBar()
        self.rows = QListWidget()
        self.empty = QLabel(NONE_FOUND, wordWrap=True)
        self.trouble = QLabel(wordWrap=True)
        self.url = QLineEdit(placeholderText="rtsp://… or http://…")
        self.open_button = QPushButton("Open")
        self._others: list[SourceInfo] = []
        self._cameras: list[SourceInfo] = []
        self._line, self._current = "", ""
        self._pictures: dict[str, QImage] = {}
        self._notes: dict[str, str] = {}
        self._set_up()
        self._lay_out()
        self.rows.itemClicked.connect(self._clicked)
        self.rows.itemActivated.connect(self._clicked)
        self.find_button.clicked.connect(self.again)
        self.url.returnPressed.connect(self._typed)
        self.open_button.clicked.connect(self._typed)
        self._fill()

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def uris(self) -> tuple[str, ...]:
        """Of all rows, from the top."""
        return tuple(str(self.rows.item(row).data(URI)) for row in range(self.rows.count()))

    @property
    def cameras(self) -> tuple[SourceInfo, ...]:
        """Those found last."""
        return tuple(self._cameras)

    def name_of(self, uri: str) -> str:
        """How a source is called."""
        return next((i.description for i in (*self._cameras, *self._others) if i.uri == uri), uri)

    def set_searching(self) -> None:
        """Cameras are being looked for; why one gave no picture is forgotten."""
        self._notes.clear()
        self.progress.show()
        self.find_button.setEnabled(False)
        self.empty.hide()

    def set_found(self, cameras: Sequence[SourceInfo], troubles: Mapping[str, str]) -> None:
        """What was found, and why some kinds could not be looked for."""
        self.progress.hide()
        self.find_button.setEnabled(True)
        self._cameras = list(cameras)
        self.empty.setVisible(not cameras)
        told = [f"{KINDS.get(kind, kind)}: {words}" for kind, words in troubles.items()]
        self.trouble.setText("\n".join(told))
        self.trouble.setVisible(bool(told))
        self._fill()

    def set_current(self, uri: str, line: str) -> None:
        """Mark the source that is shown, and the one the line uses; either is listed even if it was not found."""
        self._current, self._line = uri, line
        known = {i.uri for i in (*self._cameras, *self._others)}
        for new in dict.fromkeys((line, uri)):
            if new and new not in known:
                self._others.append(_unfound(new))
        self._fill()

    def set_picture(self, uri: str, picture: NDArray[np.uint8] | None, words: str = "") -> None:
        """A source's small picture (grey or BGR), or why there is none."""
        if picture is not None:
            self._pictures[uri] = as_image(picture)
        self._notes[uri] = words
        for row in range(self.rows.count()):
            item = self.rows.item(row)
            if item.data(URI) == uri:
                self._dress(item)

    def is_known(self, uri: str) -> bool:
        """True once there is a picture of it, or a reason why there is none."""
        return uri in self._pictures or bool(self._notes.get(uri))

    def has_picture(self, uri: str) -> bool:
        """True once there is a small picture of it."""
        return uri in self._pictures

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def step(self, rows: int) -> None:
        """Choose the next or the previous one."""
        row = self.rows.currentRow() + rows
        if 0 <= row < self.rows.count():
            self.chosen.emit(str(self.rows.item(row).data(URI)))

    def ask_folder(self, scheme: str) -> None:
        """Choose a folder; `scheme` is `folder` or `watch`."""
        dialog = QFileDialog(self, "Folder of pictures" if scheme == "folder" else "Folder to watch")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._ask(dialog, scheme)

    def ask_video(self) -> None:
        """Choose a video file."""
        dialog = QFileDialog(self, "Video file")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._ask(dialog, "video")

    def _ask(self, dialog: QFileDialog, scheme: str) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.chosen.emit(f"{scheme}:{path}"))
        dialog.open()

    def _typed(self) -> None:
        url = self.url.text().strip()
        if url:
            self.url.clearFocus()
            self.chosen.emit(url)

    def _clicked(self, item: QListWidgetItem) -> None:
        self.chosen.emit(str(item.data(URI)))

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _set_up(self) -> None:
        self.rows.setItemDelegate(_Rows(self._theme, self))
        self.rows.setAccessibleName("Cameras and other sources")
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.rows.setUniformItemSizes(True)
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        self.progress.setStyleSheet("min-height: 4px; border: none;")
        keep = self.progress.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(keep)
        self.progress.hide()
        self.url.setAccessibleName("Address of a stream")
        self.open_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.trouble.setProperty("role", "muted")
        self.trouble.setTextFormat(Qt.TextFormat.PlainText)
        self.empty.setTextFormat(Qt.TextFormat.RichText)
        for label in (self.empty, self.trouble):
            label.hide()

    def _lay_out(self) -> None:
        head, address, files = QHBoxLayout(), QHBoxLayout(), QGridLayout()
        title = QLabel("Cameras")
        title.setProperty("role", "large")
        head.addWidget(title, 1)
        head.addWidget(self.find_button)
        address.addWidget(self.url, 1)
        address.addWidget(self.open_button)
        for place, (text, act) in enumerate(
            (
                ("Folder…", lambda: self.ask_folder("folder")),
                ("Watch folder…", lambda: self.ask_folder("watch")),
                ("Video…", self.ask_video),
                ("Demo line", lambda: self.chosen.emit(DEMO.uri)),
            )
        ):
            button = QPushButton(text)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setStyleSheet("padding: 0 8px;")
            button.clicked.connect(lambda _checked=False, act=act: act())
            files.addWidget(button, place // 2, place % 2)
        other = QLabel("Open something else")
        other.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for part in (head, self.progress, self.empty, self.trouble, self.rows, other, address, files):
            if isinstance(part, QWidget):
                column.addWidget(part, 1 if part is self.rows else 0)
            else:
                part.setSpacing(SPACING)
                column.addLayout(part)

    def _fill(self) -> None:
        self.rows.clear()
        found = {i.uri for i in self._cameras}
        for info in (*self._cameras, *(i for i in self._others if i.uri not in found)):
            item = QListWidgetItem(info.description)
            item.setData(URI, info.uri)
            item.setData(INFO, info)
            item.setSizeHint(ROW)
            item.setToolTip(plain_tip(f"{info.description}\n{info.uri}"))
            self.rows.addItem(item)
            self._dress(item)
            if info.uri == self._current:
                self.rows.setCurrentItem(item)

    def _dress(self, item: QListWidgetItem) -> None:
        uri = str(item.data(URI))
        item.setData(PICTURE, self._pictures.get(uri))
        item.setData(NOTE, "on the line" if uri == self._line else self._notes.get(uri, ""))


class _Rows(QStyledItemDelegate):
    """Picture at the left; name, kind with serial number, and a note at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """All alike."""
        return ROW

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """One row."""
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        colours = self._theme.colours
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, mixed(self._theme.colour("surface"), self._theme.colour("accent"), 0.3))
        shot = QRect(box.left() + SPACING, box.center().y() - SHOT.height() // 2, SHOT.width(), SHOT.height())
        painter.fillRect(shot, self._theme.colour("sunken"))
        info, picture = index.data(INFO), index.data(PICTURE)
        if isinstance(picture, QImage):
            size = picture.size().scaled(SHOT, Qt.AspectRatioMode.KeepAspectRatio)
            at = QRect(0, 0, size.width(), size.height())
            at.moveCenter(shot.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(at, picture)
        else:
            name = "folder" if info.kind in ("folder", "watch") else "camera"
            icon(name, colours.muted).paint(painter, shot.adjusted(20, 14, -20, -14))
        painter.setPen(self._theme.colour("line"))
        painter.drawRect(shot.adjusted(0, 0, -1, -1))
        kind = KINDS.get(info.kind, info.kind)
        lines = (info.description, f"{kind}  {info.serial}".strip(), str(index.data(NOTE) or ""))
        left = shot.right() + SPACING + SPACING // 2
        for number, (text, size_px, token) in enumerate(
            zip(lines, (NORMAL, SMALL, SMALL), ("text", "muted", "muted"), strict=True)
        ):
            painter.setFont(font(size_px))
            painter.setPen(self._theme.colour("accent" if text == "on the line" else token))
            room = QRect(left, box.top() + SPACING + number * 19, box.right() - left - SPACING, 19)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.restore()


def _unfound(uri: str) -> SourceInfo:
    """A source that no search found: called by the last part of its path, or its address without a password."""
    scheme, _, rest = uri.partition(":")
    if scheme == "demo":
        return SourceInfo(uri, DEMO.description, DEMO.kind)
    if rest.startswith("//"):
        address = rest.rpartition("@")[2] if "@" in rest else rest[2:]
        return SourceInfo(uri, f"{scheme}://{address}", "stream")
    path = (rest if scheme in KINDS else uri).replace("\\", "/").rstrip("/")
    return SourceInfo(uri, path.rpartition("/")[2] or path, scheme if scheme in KINDS else "folder")
