"""The collection as the page sees it: every act on a job, the stock and its small pictures back on the GUI thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from db.datasets.collection import OK, Collection, Item, Stock, products, safe_name
from engine.domain.inspection import FrameRef, Pixels
from engine.errors import InputError, LinesideError
from engine.images.depth import shown
from engine.images.pictures import read_picture
from engine.images.thumbnails import thumbnail
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.pages.teach_in.collect.view import SHOWN, label_word
from gui.widgets.pictures.pixel_images import as_image

log = logging.getLogger(__name__)

MEMORY = "teach-in"
FIRST = "product"
"""What a collection is called until somebody says otherwise."""
CLASSES_MOST = 100

Shot = tuple[Item, QImage]


class Stockroom(QObject):
    """`name` and `stock` are of the collection that is open; it comes back after a restart."""

    changed = Signal()
    """The stock is another one."""
    pictured = Signal(object)
    """list[Shot]: the newest pictures, small, newest first."""
    opened = Signal(object)
    """tuple[str, …]: a collection was read; the names of all."""
    told = Signal(str)
    """What was just done, or why not."""
    failed = Signal()
    """Nothing can be kept: the disk is full, say."""

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.folder: Path = context.folder / "teach-in"
        self.stock = Stock()
        self.name = ""
        self._collection = Collection(self.folder / FIRST)
        self._shots: dict[str, QImage] = {}
        self._reading: set[str] = set()

    def open(self, name: str = "") -> None:
        """This product's collection from now on; empty = the one of last time."""
        kept = self._context.memory(MEMORY)
        self.name = safe_name(name or str(kept.get("product", ""))) or FIRST
        self._collection = collection = Collection(self.folder / self.name)
        self._context.remember(MEMORY, product=self.name)
        classes = kept.get("classes")
        order = [c for c in classes[:CLASSES_MOST] if isinstance(c, str)] if isinstance(classes, list) else []

        def read() -> tuple[Collection, tuple[str, ...], Stock]:
            return collection, products(collection.folder.parent), collection.load(order)

        self._context.jobs.run(read, self._opened)

    def add(self, picture: NDArray[np.uint8], label: str) -> None:
        """Keep this picture, as it is shown."""
        word = translate("TeachIn", "Taken as {name}. Ctrl+Z takes it back.").format(name=label_word(label))
        self._act(lambda collection: collection.add(label, picture), word)

    def add_frame(self, pixels: Pixels, ref: FrameRef) -> None:
        """Keep a frame of the line as OK; it is developed on the job."""
        self._act(lambda collection: collection.add(OK, shown(pixels, ref)), "")

    def undo(self) -> None:
        """Take the last act back."""
        self._act(Collection.undo, translate("TeachIn", "The last act was taken back."))

    def remove(self, item: Item) -> None:
        """Take a picture out."""
        words = translate("TeachIn", "The picture was deleted. Ctrl+Z brings it back.")
        self._act(lambda collection: collection.remove(item), words)

    def _act(self, act: Callable[[Collection], Stock], words: str) -> None:
        collection = self._collection

        def done(stock: Stock) -> None:
            if collection is self._collection:
                # Two acts on two threads may come back the other way round.
                if stock.acts > self.stock.acts:
                    self._take(stock)
                if words:
                    self.told.emit(words)

        self._context.jobs.run(lambda: act(collection), done, self._refused)

    def _opened(self, found: tuple[Collection, tuple[str, ...], Stock]) -> None:
        collection, names, stock = found
        if collection is self._collection:
            self._take(stock)
            self.opened.emit(tuple(sorted({*names, self.name})))

    def _take(self, stock: Stock) -> None:
        self.stock = stock
        self._context.remember(MEMORY, classes=list(stock.classes))
        newest = stock.items[: -SHOWN - 1 : -1]
        names = {str(item.path) for item in newest}
        self._shots = {name: image for name, image in self._shots.items() if name in names}
        missing = [i for i in newest if str(i.path) not in self._shots and str(i.path) not in self._reading]
        self._reading.update(str(item.path) for item in missing)
        if missing:
            self._context.jobs.run(lambda: _thumbnails(missing), self._made)
        self.changed.emit()
        self._show()

    def _made(self, made: dict[str, QImage]) -> None:
        self._reading.difference_update(made)
        self._shots |= made
        self._show()

    def _show(self) -> None:
        newest = self.stock.items[: -SHOWN - 1 : -1]
        self.pictured.emit([(item, self._shots[str(item.path)]) for item in newest if str(item.path) in self._shots])

    def _refused(self, error: Exception) -> None:
        if isinstance(error, InputError):
            self.told.emit(f"{translated(error.message)} {translated(error.remedy)}".strip())
        else:
            self.failed.emit()
            self._context.jobs.failed.emit(error)


def _thumbnails(items: list[Item]) -> dict[str, QImage]:
    """Small pictures by path; an unreadable one is an empty picture."""
    made: dict[str, QImage] = {}
    for item in items:
        try:
            made[str(item.path)] = as_image(thumbnail(read_picture(item.path)))
        except LinesideError as error:
            log.warning("no thumbnail: %s", error)
            made[str(item.path)] = QImage()
    return made
