"""What can be done with a model of the list: activate, roll back, export, verify, measure."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from db.datasets.gates import activate_through
from db.models.files import measure, write_zip
from db.models.registry import ModelVersion, activate, rollback
from db.products.shelf import Product
from engine.packages.package import open_package
from gui.context import AppContext
from gui.i18n.language import number, translate
from gui.pages.models.whose import Whose
from gui.users.operators import ask_engineer
from gui.users.why_dialog import WhyDialog


class ModelActs(QObject):
    """Each asks what it must know, then works on a job. `measured`: a speed is new; `gateWanted`: the gate first."""

    measured = Signal()
    gateWanted = Signal()

    def __init__(self, context: AppContext, whose: Whose, page: QWidget) -> None:
        super().__init__(page)
        self._context, self._whose, self._page = context, whose, page

    def ask_activate(self, model: ModelVersion, active: str) -> None:
        """Who wants this model from now on, and why? One that saw no gate is asked to go there. `active`: version."""
        ask_engineer(self._context, self._page, partial(self._why_activate, model, active))

    def _why_activate(self, model: ModelVersion, active: str, name: str) -> None:
        named = {"name": model.name, "version": model.version}
        known, here = model.state == "retired", self._whose.inspected
        title = translate("Models", "Activate")
        text = translate("Models", "{name} {version} judges from the next part on.")
        if not known:
            text = translate(
                "Models",
                "{name} {version} never went through the gate: nobody knows what it gains and loses against the "
                "active model. Run the gate, or say why it is skipped.",
            )
        if model.state == "rejected":
            text = translate(
                "Models",
                "{name} {version} was rejected at the gate. Run the gate again, or say why it is used all the same.",
            )
        said = text.format(**named)
        if not here:
            there = self._elsewhere(f"{model.name} {model.version}")
            said = there if known else f"{said} {there}"
        dialog = WhyDialog(
            self._context.theme,
            title,
            said,
            title if known else translate("Models", "Skip and activate"),
            required=not known,
            name=name,
            name_fixed=self._context.settings.pin_required,
            other="" if known or not here else translate("Models", "Run the gate"),
            parent=self._page,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.decided.connect(partial(self._activate, model, active))
        dialog.otherwise.connect(self.gateWanted)
        dialog.open()

    def _elsewhere(self, model: str) -> str:
        """What an act comes to for a product that is not inspected."""
        said = translate("Models", "{model} judges {product} from its next change-over on. The line goes on as it is.")
        return said.format(model=model, product=self._whose.product.name)

    def _activate(self, model: ModelVersion, active: str, why: str, by: str) -> None:
        db, product = self._context.db, self._whose.product.id
        if model.state == "retired":
            work = partial(activate, db, model.version, by, why, product)
        else:
            work = partial(activate_through, db, model.version, active, by, why, {}, product)
        self._context.jobs.run(work, partial(self._activated, self._whose.product))

    def _activated(self, product: Product, model: ModelVersion) -> None:
        if product.id == self._context.product.id:
            self._context.modelActivated.emit(model.version)
            return
        said = translate("Models", "Model {name} {version} is the active one of {product}.")
        self._context.notify("info", said.format(name=model.name, version=model.version, product=product.name))
        self._whose.changed.emit()

    def ask_rollback(self) -> None:
        """Why back to the model before?"""
        ask_engineer(self._context, self._page, self._why_rollback)

    def _why_rollback(self, name: str) -> None:
        title = translate("Models", "Roll back")
        text = translate("Models", "The model that was active before judges from the next part on.")
        if not self._whose.inspected:
            text = self._elsewhere(translate("Models", "The model that was active before"))
        fixed = self._context.settings.pin_required
        theme = self._context.theme
        dialog = WhyDialog(theme, title, text, title, required=True, name=name, name_fixed=fixed, parent=self._page)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.decided.connect(self.roll_back)
        dialog.open()

    def roll_back(self, why: str, by: str) -> None:
        """Back to the model active before, on a job; the line swaps where the product is inspected."""
        product = self._whose.product
        work = partial(rollback, self._context.db, by, why, product.id)
        self._context.jobs.run(work, partial(self._activated, product))

    def ask_export(self, model: ModelVersion) -> None:
        """Where should the zip go?"""
        title = translate("Models", "Export the model")
        start = str(Path.home() / f"{model.name}-{model.version}.zip")
        dialog = QFileDialog(self._page, title, start, "Zip (*.zip)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(partial(self.export, model))
        dialog.open()

    def export(self, model: ModelVersion, out: str) -> None:
        """Write the package as a zip."""
        self._context.jobs.run(partial(write_zip, model.folder, Path(out)), self._exported)

    def verify(self, model: ModelVersion) -> None:
        """Hash every file of the package again."""
        self._context.jobs.run(partial(_verify, model), self._verified)

    def measure(self, model: ModelVersion) -> None:
        """How long a picture takes on this machine."""
        said = translate("Models", "Measuring {name} {version}…").format(name=model.name, version=model.version)
        self._context.notify("info", said)
        self._context.jobs.run(partial(_measure, model, self._context.settings.threads), self._measured)

    def _exported(self, out: Path) -> None:
        self._context.notify("info", translate("Models", "The model is written to {path}.").format(path=out))

    def _verified(self, model: ModelVersion) -> None:
        said = translate("Models", "Every file of model {name} {version} is as it was registered.")
        self._context.notify("info", said.format(name=model.name, version=model.version))

    def _measured(self, found: tuple[ModelVersion, float]) -> None:
        model, took = found
        said = translate("Models", "Model {name} {version} takes {time} ms a picture on this machine.")
        self._context.notify("info", said.format(name=model.name, version=model.version, time=number(took, 1)))
        self.measured.emit()


def _verify(model: ModelVersion) -> ModelVersion:
    open_package(model.folder)
    return model


def _measure(model: ModelVersion, threads: int) -> tuple[ModelVersion, float]:
    return model, measure(model, threads)
