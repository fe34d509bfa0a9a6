"""Accepting the model of a teach-in: who may, why, and the entry that no gate stood before it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from db.datasets.gates import activate_through
from db.models.registry import ModelVersion, active
from gui.context import AppContext
from gui.i18n.language import translate
from gui.users.operators import ask_engineer
from gui.users.why_dialog import WhyDialog


class Accepting(QObject):
    """`accepted` once the model is the active one."""

    accepted = Signal()

    def __init__(self, context: AppContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context, self._owner = context, owner

    def ask(self, model: ModelVersion) -> None:
        """Why this model from now on? Whoever accepts it must be let."""
        ask_engineer(self._context, self._owner, partial(self._ask_why, model))

    def _ask_why(self, model: ModelVersion, name: str) -> None:
        words = translate("TeachIn", "Model {version} judges from the next part on. Accepted by {name}.")
        text = words.format(version=model.version, name=name)
        title, act = translate("TeachIn", "Accept the model"), translate("TeachIn", "Accept")
        dialog = WhyDialog(self._context.theme, title, text, act, required=True, parent=self._owner)
        dialog.agreed.connect(partial(self._accept, model.version, name))
        dialog.open()

    def _accept(self, version: str, name: str, why: str) -> None:
        db, product = self._context.db, self._context.product.id

        def work() -> str:
            now = active(db, product)
            # There is no gate for a product nothing is known of yet; the history says so.
            activate_through(db, version, now.version if now else "", name, why, {}, product)
            return version

        self._context.jobs.run(work, self._activated)

    def _activated(self, version: str) -> None:
        self._context.modelActivated.emit(version)
        self.accepted.emit()
