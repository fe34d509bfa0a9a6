"""The products of the station as rows: made, renamed, retired and restored, carried to another station and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from db.carrying.pack import Packed, export_product
from db.carrying.unpack import Brought, import_product
from db.products.acts import make_product, rename, restore, retire
from db.products.shelf import Product
from db.runs.products import overview, parts_by_name, parts_of
from engine.errors import InputError
from gui.context import AppContext
from gui.i18n.language import translate
from gui.i18n.messages import translated
from gui.notify import notice_of
from gui.pages.settings.products.dialog import NameDialog
from gui.pages.settings.products.rows import Kept, ProductRow
from gui.theme.theme import SPACING
from gui.users.why_dialog import WhyDialog
from gui.widgets.key_button import KeyButton

T = TypeVar("T")
RECIPES = "recipes"
"""Inside the station's folder."""


class ProductsPanel(QWidget):
    """Changes run on jobs and are shown once they are stored. `who`: whose they are."""

    def __init__(self, context: AppContext, who: Callable[[], str]) -> None:
        super().__init__()
        self._context, self._who = context, who
        self.rows: dict[str, ProductRow] = {}
        """By the product's name."""
        self.said = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.said.setProperty("role", "error")
        self.said.hide()
        theme = context.theme
        self.make_button = KeyButton(theme, translate("Settings", "Make a product…"), "N", compact=True)
        self.import_button = KeyButton(theme, translate("Settings", "Import…"), "I", "import", compact=True)
        self.make_button.clicked.connect(self.make)
        self.import_button.clicked.connect(self.ask_import)
        self._list = QWidget()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2 * SPACING)
        self._column.addWidget(self._list)
        self._column.addWidget(self.said)
        foot = QHBoxLayout()
        foot.setSpacing(SPACING)
        foot.addStretch(1)
        foot.addWidget(self.import_button)
        foot.addWidget(self.make_button)
        self._column.addLayout(foot)
        context.productChanged.connect(self._changed_over)

    def refresh(self) -> None:
        """Read them, on a job."""
        db, folder, now = self._context.db, self._context.folder / RECIPES, self._context.product.id

        def work() -> list[Kept]:
            by_name = parts_by_name(db)
            found = [Kept(o, parts_of(o.product, by_name), o.product.id == now) for o in overview(db, folder)]
            return sorted(found, key=lambda kept: kept.of.product.retired)

        self._context.jobs.run(work, self._found)

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def make(self) -> None:
        """Ask for a name."""
        text = translate(
            "Settings", "It is inspected once a model judges it: teach it in, or put a recipe on the line."
        )
        title, act = translate("Settings", "Make a product"), translate("Settings", "Make")
        dialog = NameDialog(self._context.theme, title, text, act, parent=self)
        dialog.agreed.connect(self._make)
        self._open(dialog)

    def ask_rename(self, product: Product) -> None:
        """Ask for another name."""
        text = translate("Settings", "Parts and recipes that bear a former name stay this product's.")
        title = translate("Settings", "Rename {name}").format(name=product.name)
        act = translate("Settings", "Rename")
        dialog = NameDialog(self._context.theme, title, text, act, now=product.name, parent=self)
        dialog.agreed.connect(partial(self._rename, product))
        self._open(dialog)

    def ask_end(self, product: Product) -> None:
        """Ask why it goes out of use, or comes back; never the one that is inspected now."""
        if product.id == self._context.product.id and not product.retired:
            self._tell(
                translate(
                    "Settings", "{name} is inspected now. Change over to another one first (Live, Ctrl+R)."
                ).format(name=product.name)
            )
            return
        title, act = translate("Settings", "Retire the product"), translate("Settings", "Retire")
        text = translate("Settings", "{name} is not inspected any more. All that was stored of it stays.")
        if product.retired:
            title, act = translate("Settings", "Restore the product"), translate("Settings", "Restore")
            text = translate("Settings", "{name} can be changed over to again.")
        dialog = WhyDialog(self._context.theme, title, text.format(name=product.name), act, required=True, parent=self)
        dialog.agreed.connect(partial(self._end, product))
        self._open(dialog)

    def ask_export(self, product: Product) -> None:
        """Where to? One file with its recipes, models and known parts."""
        dialog = self._files(translate("Settings", "Export the product"), QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.selectFile(f"{product.name}.zip")
        dialog.fileSelected.connect(partial(self.export, product))
        dialog.open()

    def ask_import(self) -> None:
        """Which file?"""
        dialog = self._files(translate("Settings", "Import a product"), QFileDialog.AcceptMode.AcceptOpen)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.bring_in)
        dialog.open()

    def export(self, product: Product, out: str) -> None:
        """Write the file."""
        db, station, who = self._context.db, self._context.folder, self._who()
        self._run(lambda: export_product(db, station, product, Path(out), who), self._exported)

    def bring_in(self, file: str, name: str = "", _why: str = "") -> None:
        """A product from its file, called `name`, else as in the file; where that is taken another one is asked for."""
        db, station, who = self._context.db, self._context.folder, self._who()
        self._tell("")
        work, failed = partial(import_product, db, station, Path(file), who, name), partial(self._not_imported, file)
        self._context.jobs.run(work, self._imported, failed)

    def _make(self, name: str, why: str) -> None:
        self._run(partial(make_product, self._context.db, name, self._who(), why), self._done)

    def _rename(self, product: Product, name: str, why: str) -> None:
        self._run(partial(rename, self._context.db, product.id, name, self._who(), why), self._done)

    def _end(self, product: Product, why: str) -> None:
        act = restore if product.retired else retire
        self._run(partial(act, self._context.db, product.id, self._who(), why), self._done)

    def _run(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        self._tell("")
        self._context.jobs.run(work, done, self._failed)

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────
    def _done(self, product: Product) -> None:
        if product.id == self._context.product.id:
            self._context.take_product(product)
        self.refresh()

    def _exported(self, done: Packed) -> None:
        self._say(translate("Settings", "The product is exported: {path}").format(path=done.path), done.left_out)

    def _imported(self, done: Brought) -> None:
        said = translate("Settings", "{name} is imported. Change over to it on Live (Ctrl+R).")
        self._say(said.format(name=done.product.name), done.left_out)
        self.refresh()

    def _not_imported(self, file: str, error: Exception) -> None:
        self._failed(error)
        if isinstance(error, InputError):
            title, act = translate("Settings", "Import under another name"), translate("Settings", "Import")
            dialog = NameDialog(self._context.theme, title, self.said.text(), act, asks_why=False, parent=self)
            dialog.agreed.connect(partial(self.bring_in, file))
            self._open(dialog)

    def _failed(self, error: Exception) -> None:
        notice = notice_of(error)
        self._tell(f"{translated(notice.message)} {translated(notice.remedy)}".strip())
        self.refresh()

    def _say(self, words: str, left_out: tuple[str, ...]) -> None:
        missing = translate("Settings", "Too large to be carried along: {what}").format(what=", ".join(left_out))
        self._context.notify("warning" if left_out else "info", words, missing if left_out else "")

    def _tell(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))

    def _changed_over(self) -> None:
        if self.isVisible():
            self.refresh()

    # ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────
    def _found(self, products: list[Kept]) -> None:
        """New rows in the place of those before."""
        before, self._list = self._list, QWidget()
        column = QVBoxLayout(self._list)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * SPACING)
        self.rows = {}
        for kept in products:
            product = kept.of.product
            row = self.rows[product.name] = ProductRow(self._context.theme, kept)
            row.export.clicked.connect(partial(self._clicked, self.ask_export, product))
            row.rename.clicked.connect(partial(self._clicked, self.ask_rename, product))
            row.end.clicked.connect(partial(self._clicked, self.ask_end, product))
            column.addWidget(row)
        self._column.replaceWidget(before, self._list)
        before.hide()
        before.deleteLater()

    @staticmethod
    def _clicked(act: Callable[[Product], None], product: Product, _checked: bool = False) -> None:
        act(product)

    def _open(self, dialog: NameDialog | WhyDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _files(self, title: str, mode: QFileDialog.AcceptMode) -> QFileDialog:
        dialog = QFileDialog(self, title, str(Path.home()), translate("Settings", "Products (*.zip)"))
        dialog.setAcceptMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog
