"""Accepting the model of a teach-in: who may, why, and the change-over to the product that was taught."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from db.datasets.taught_in import take_into_use
from db.models.registry import ModelVersion
from db.products.shelf import Product
from gui.context import AppContext
from gui.i18n.language import translate
from gui.line.line import Line
from gui.users.operators import ask_engineer
from gui.users.why_dialog import WhyDialog


class Accepting(QObject):
    """`accepted` once the model is its product's active one, and the line changes over to it."""

    accepted = Signal()

    def __init__(self, context: AppContext, line: Line, owner: QWidget) -> None:
        super().__init__(owner)
        self._context, self._line, self._owner = context, line, owner

    def ask(self, model: ModelVersion, product: str) -> None:
        """Why this model from now on? Whoever accepts it must be let. `product`: what was taught, by its name."""
        ask_engineer(self._context, self._owner, partial(self._ask_why, model, product))

    def _ask_why(self, model: ModelVersion, product: str, name: str) -> None:
        words = translate("TeachIn", "Model {version} judges from the next part on. Accepted by {name}.")
        text = words.format(version=model.version, name=name)
        title, act = translate("TeachIn", "Accept the model"), translate("TeachIn", "Accept")
        dialog = WhyDialog(self._context.theme, title, text, act, required=True, parent=self._owner)
        dialog.agreed.connect(partial(self._accept, model.version, product, name))
        dialog.open()

    def _accept(self, version: str, product: str, name: str, why: str) -> None:
        db, recipes, recipe = self._context.db, self._context.folder / "recipes", self._context.recipe
        work = partial(take_into_use, db, recipes, product, version, name, why, recipe)
        self._context.jobs.run(work, partial(self._taken, version))

    def _taken(self, version: str, found: tuple[Product, Path | None]) -> None:
        product, recipe = found
        if product.id == self._context.product.id and product.recipe == recipe:
            self._context.modelActivated.emit(version)
        else:
            self._line.change_over(str(recipe or ""), product=product.name)
        self.accepted.emit()
