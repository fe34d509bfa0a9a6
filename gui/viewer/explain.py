"""Explanations on demand: Grad-CAM and its kin through the torch network, for any model that carries its weights."""

from __future__ import annotations

import threading
from functools import partial

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from db.models.registry import list_models
from engine.backends.base import Explainer
from engine.backends.load import load_explainer
from engine.domain.inspection import HeatMap, Inspection, Pixels
from engine.domain.recipe import WHOLE, View
from engine.errors import InputError
from engine.packages.package import open_package
from engine.recipes.digest import is_recipe
from gui.context import AppContext
from gui.i18n.language import translate
from gui.jobs.jobs import Job

METHODS = {"grad-cam": "Grad-CAM", "grad-cam++": "Grad-CAM++", "eigen-cam": "Eigen-CAM", "score-cam": "Score-CAM"}
"""Their names are the same in every language."""


class Explaining(QObject):
    """Explains the part on screen by a method chosen from a menu; `explained(method, label, heat)`, heat None = own."""

    explained = Signal(str, str, object)

    def __init__(self, context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._widget = context, parent
        self._menu = QMenu(parent)
        self._loaded: tuple[str, Explainer] | None = None
        self._one_at_a_time = threading.Lock()
        self._job: Job | None = None
        self._part: tuple[Inspection, Pixels] | None = None
        self._menu.addAction(translate("Review", "The model's own map")).triggered.connect(partial(self.explain, ""))
        self._menu.addSeparator()
        for method, name in METHODS.items():
            slow = translate("Review", "{method} (seconds)").format(method=name)
            words = slow if method == "score-cam" else name
            self._menu.addAction(words).triggered.connect(partial(self.explain, method))

    def show_part(self, inspection: Inspection | None, pixels: Pixels | None) -> None:
        """The part that is on screen now; one that is being explained is forgotten."""
        self._part = None if inspection is None or pixels is None else (inspection, pixels)
        if self._job is not None:
            self._job.cancel()

    def ask(self) -> None:
        """Open the menu beside the tools."""
        self._menu.popup(self._widget.mapToGlobal(QPoint(self._widget.width() // 2, self._widget.height() // 3)))

    def explain(self, method: str) -> None:
        """Explain the part on screen, on a job; empty = back to the model's own map."""
        if self._part is None:
            return
        if not method:
            self.explained.emit("", "", None)
            return
        inspection, pixels = self._part
        label = inspection.verdict.label or max(inspection.scores, key=lambda pair: pair[1], default=("", 0.0))[0]
        words = translate("Review", "Explaining {label} by {method} …")
        part = translate("Review", "the part")
        self._context.notify("info", words.format(label=label or part, method=METHODS[method]))
        work = partial(self._work, inspection, pixels, method, label)
        self._job = self._context.jobs.run(work, lambda heat: self.explained.emit(method, label, heat))

    # ── on a job's thread ────────────────────────────────────────────────────────────────────────────────────────
    def _work(self, inspection: Inspection, pixels: Pixels, method: str, label: str) -> HeatMap:
        with self._one_at_a_time:
            return self._explainer(inspection).explain(pixels, self._view(inspection), method, label)

    def _explainer(self, inspection: Inspection) -> Explainer:
        version = inspection.model.version
        if self._loaded is None or self._loaded[0] != version:
            known = [m for m in list_models(self._context.db) if m.version == version]
            if not known:
                missing = translate(
                    "Review", "The model {name} {version} that judged this part is not registered here."
                )
                raise InputError(
                    missing.format(name=inspection.model.name, version=version),
                    translate("Review", "Import its package on the Models page."),
                )
            self._loaded = version, load_explainer(open_package(known[0].folder))
        return self._loaded[1]

    def _view(self, inspection: Inspection) -> View:
        recipe = self._context.recipe
        view = recipe.view if is_recipe(recipe, inspection.recipe) else WHOLE
        return view.stated(inspection.frame.bits, inspection.frame.bayer)
