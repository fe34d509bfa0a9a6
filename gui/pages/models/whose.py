"""Whose models the page lists: those of the product that is inspected, or of another one that was chosen."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSignalBlocker, Signal

from db.products.shelf import Product
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.judging import judge_words
from gui.pages.models.presenter import Flow, Found
from gui.pages.models.view import ModelsView


class Whose(QObject):
    """`changed`: the list is to be read again, for `product`."""

    changed = Signal()

    def __init__(self, context: AppContext, view: ModelsView, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._view = context, view
        self._chosen = ""
        """Id of the other product; empty = the one that is inspected."""
        self._known: tuple[Product, ...] = ()
        view.product.activated.connect(self._choose)
        context.productChanged.connect(self._changed_over)

    @property
    def product(self) -> Product:
        """Whose models are listed."""
        return next((p for p in self._known if p.id == self._chosen), self._context.product)

    @property
    def inspected(self) -> bool:
        """Whether it is the product that is inspected."""
        return self.product.id == self._context.product.id

    def takes(self, found: Found) -> bool:
        """Show whose models were found, and what judges now; False where others were asked for meanwhile."""
        if found.product != self.product.id:
            return False
        self._known = found.products
        box = self._view.product
        with QSignalBlocker(box):
            box.clear()
            for product in self._known:
                box.addItem(product.name, product.id)
            box.setCurrentIndex(max(0, box.findData(self.product.id)))
        box.setVisible(box.count() > 1)
        said = translate("Models", "Judges now: {what}").format(what=judge_words(self._context))
        self._view.judges.setText(said)
        return True

    def refuses(self, flow: Flow) -> bool:
        """Whether teaching and gate cannot begin, since both are about the product that is inspected; told then."""
        if self.inspected or flow.shown or flow.busy or flow.candidate:
            return False
        said = translate("Models", "{name} is not inspected now: its corrections teach nothing and no gate is run.")
        there = translate("Models", "Change over to it first (Ctrl+R on Live).")
        self._context.notify("info", said.format(name=self.product.name), there)
        return True

    def _choose(self) -> None:
        self._chosen = str(self._view.product.currentData())
        self.changed.emit()

    def _changed_over(self) -> None:
        self._chosen = ""
        self.changed.emit()
