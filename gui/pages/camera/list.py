"""The left column of the Camera page: the cameras found, with a small picture each, and what else can be opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import (
    QBoxLayout,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.sources.base import SourceInfo
from gui.i18n.language import translate
from gui.line.feed import plain_tip
from gui.pages.camera.presenter import once_each
from gui.theme.icons import icon
from gui.theme.large_type import large_type
from gui.theme.theme import NORMAL, SMALL, SPACING, Theme, font, scaled
from gui.widgets.calm_table import mixed
from gui.widgets.key_button import KeyButton
from gui.widgets.pictures.pixel_images import as_image

URI = Qt.ItemDataRole.UserRole
INFO = Qt.ItemDataRole.UserRole + 1
PICTURE = Qt.ItemDataRole.UserRole + 2
NOTE = Qt.ItemDataRole.UserRole + 3

ROW = 72
LINE = 19
OTHERS = 104
SHOT = QSize(72, 56)
KINDS = ("uvc", "gige", "genicam", "basler", "stream", "demo", "folder", "watch", "video")
DEMO = "demo:"


class CameraList(QWidget):
    """`chosen` carries the URI of what somebody clicked, typed or picked."""

    chosen = Signal(str)
    again = Signal()
    """Look for cameras once more."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.find_button = KeyButton(theme, translate("Camera", "Find again"), "D", "search", compact=True)
        self.progress = QProgressBar()
        self.rows = QListWidget()
        self.empty = QLabel(_none_found(), wordWrap=True)
        self.trouble = QLabel(wordWrap=True)
        self.url = QLineEdit(placeholderText="rtsp://… or http://…")
        self.open_button = QPushButton(translate("Camera", "Open"))
        self._others: list[SourceInfo] = []
        self._cameras: list[SourceInfo] = []
        self._line, self._current = "", ""
        self._pictures: dict[str, QImage] = {}
        self._notes: dict[str, str] = {}
        self._also: dict[str, str] = {}
        """URI → the other kind that could open the device too."""
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
        self._cameras, self._also = once_each(cameras)
        self.empty.setVisible(not cameras)
        told = [f"{kind_word(kind)}: {words}" for kind, words in troubles.items()]
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
        pictures = translate("Camera", "Folder of pictures")
        dialog = QFileDialog(self, pictures if scheme == "folder" else translate("Camera", "Folder to watch"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._ask(dialog, scheme)

    def ask_video(self) -> None:
        """Choose a video file."""
        dialog = QFileDialog(self, translate("Camera", "Video file"))
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
        self.rows.setAccessibleName(translate("Camera", "Cameras and other sources"))
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
        self.url.setAccessibleName(translate("Camera", "Address of a stream"))
        self.open_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.trouble.setProperty("role", "muted")
        self.trouble.setTextFormat(Qt.TextFormat.PlainText)
        self.empty.setTextFormat(Qt.TextFormat.RichText)
        for label in (self.empty, self.trouble):
            label.hide()

    def _lay_out(self) -> None:
        head, address, files = QBoxLayout(QBoxLayout.Direction.LeftToRight), QHBoxLayout(), QGridLayout()
        if large_type():
            head.setDirection(QBoxLayout.Direction.TopToBottom)
        title = QLabel(translate("Camera", "Cameras"))
        title.setProperty("role", "large")
        head.addWidget(title, 1)
        head.addWidget(self.find_button)
        address.addWidget(self.url, 1)
        address.addWidget(self.open_button)
        for place, (text, act) in enumerate(
            (
                (translate("Camera", "Folder…"), lambda: self.ask_folder("folder")),
                (translate("Camera", "Watch folder…"), lambda: self.ask_folder("watch")),
                (translate("Camera", "Video…"), self.ask_video),
                (translate("Camera", "Demo line"), lambda: self.chosen.emit(DEMO)),
            )
        ):
            button = QPushButton(text)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setStyleSheet("padding: 0 8px;")
            button.clicked.connect(lambda _checked=False, act=act: act())
            files.addWidget(button, *((place, 0) if large_type() else (place // 2, place % 2)))
        other = QLabel(translate("Camera", "Open something else"))
        other.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for layout in (head, address, files):
            layout.setSpacing(SPACING)
        column.addLayout(head)
        for part in (self.progress, self.empty, self.trouble):
            column.addWidget(part)
        column.addWidget(self.rows, 1)
        column.addWidget(self._others_panel(other, address, files))

    def _others_panel(self, other: QLabel, address: QHBoxLayout, files: QGridLayout) -> QWidget:
        """What else can be opened; with large type it scrolls, so that the cameras keep their place."""
        panel = QWidget()
        inside = QVBoxLayout(panel)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(SPACING)
        inside.addWidget(other)
        inside.addLayout(address)
        inside.addLayout(files)
        if not large_type():
            return panel
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(panel)
        area.setFixedHeight(scaled(OTHERS))
        return area

    def _fill(self) -> None:
        self.rows.clear()
        found = {i.uri for i in self._cameras}
        for info in (*self._cameras, *(i for i in self._others if i.uri not in found)):
            item = QListWidgetItem(info.description)
            item.setData(URI, info.uri)
            item.setData(INFO, info)
            item.setSizeHint(_row_size())
            item.setToolTip(plain_tip(f"{info.description}\n{info.uri}{self._also_words(info.uri)}"))
            self.rows.addItem(item)
            self._dress(item)
            if info.uri == self._current:
                self.rows.setCurrentItem(item)

    def _also_words(self, uri: str) -> str:
        also = self._also.get(uri)
        words = translate("Camera", "Also found as {kind}.")
        return f"\n{words.format(kind=kind_word(also))}" if also else ""

    def _dress(self, item: QListWidgetItem) -> None:
        uri = str(item.data(URI))
        item.setData(PICTURE, self._pictures.get(uri))
        also = self._also_words(uri).strip()
        item.setData(NOTE, _on_line() if uri == self._line else self._notes.get(uri) or also)


class _Rows(QStyledItemDelegate):
    """Picture at the left; name, kind with serial number, and a note at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """All alike."""
        return _row_size()

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
        kind = kind_word(info.kind)
        lines = (info.description, f"{kind}  {info.serial}".strip(), str(index.data(NOTE) or ""))
        left, line = shot.right() + SPACING + SPACING // 2, scaled(LINE)
        for number, (text, size_px, token) in enumerate(
            zip(lines, (NORMAL, SMALL, SMALL), ("text", "muted", "muted"), strict=True)
        ):
            painter.setFont(font(size_px))
            painter.setPen(self._theme.colour("accent" if text == _on_line() else token))
            room = QRect(left, box.top() + SPACING + number * line, box.right() - left - SPACING, line)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.restore()


def kind_word(kind: str) -> str:
    """A kind of source as people call it."""
    words = {
        "uvc": translate("Camera", "USB"),
        "gige": translate("Camera", "GigE Vision"),
        "genicam": translate("Camera", "GenICam"),
        "basler": translate("Camera", "Basler"),
        "stream": translate("Camera", "Stream"),
        "demo": translate("Camera", "Simulated"),
        "folder": translate("Camera", "Folder"),
        "watch": translate("Camera", "Watch folder"),
        "video": translate("Camera", "Video"),
    }
    return words.get(kind, kind)


def _none_found() -> str:
    return translate(
        "Camera",
        "<b>No camera was found.</b>"
        "<p>Plug it in, give it power and close other programs that use it; then press Find again.</p>"
        "<p>GenICam: install its maker's driver, so that GENICAM_GENTL64_PATH names its folder, or Aravis.</p>"
        "<p>Basler: install Lineside's <i>basler</i> extra.</p>",
    )


def _on_line() -> str:
    return translate("Camera", "on the line")


def _row_size() -> QSize:
    return QSize(scaled(120), max(ROW, 2 * SPACING + 3 * scaled(LINE)))


def _unfound(uri: str) -> SourceInfo:
    """A source that no search found: called by the last part of its path, or its address without a password."""
    scheme, _, rest = uri.partition(":")
    if scheme == "demo":
        return SourceInfo(uri, translate("Camera", "Demo line"), "demo")
    if rest.startswith("//"):
        address = rest.rpartition("@")[2] if "@" in rest else rest[2:]
        return SourceInfo(uri, f"{scheme}://{address}", "stream")
    path = (rest if scheme in KINDS else uri).replace("\\", "/").rstrip("/")
    return SourceInfo(uri, path.rpartition("/")[2] or path, scheme if scheme in KINDS else "folder")
