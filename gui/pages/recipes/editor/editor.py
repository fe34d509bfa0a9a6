"""The column of sections in which a recipe is edited."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from engine.domain.recipe import Recipe
from engine.packages.package import ModelPackage
from engine.statistics.costs import Prices
from gui.context import AppContext
from gui.pages.recipes.editor.limits import LimitsSection
from gui.pages.recipes.editor.region import RegionSection
from gui.pages.recipes.editor.section import Section
from gui.pages.recipes.editor.sections import ClassesSection, GuardSection, LineSection, NameSection
from gui.pages.recipes.trial.weigh import WeighView
from gui.theme.theme import SPACING, scaled


class Editor(QScrollArea):
    """`edited` carries the recipe as it is now wanted, whichever section it was changed in."""

    edited = Signal(object)

    def __init__(self, context: AppContext, prices: Prices) -> None:
        super().__init__()
        theme = context.theme
        self.name = NameSection()
        self.limits = LimitsSection(theme)
        self.weighing = WeighView(theme, prices)
        self.region = RegionSection(theme)
        self.classes = ClassesSection(theme)
        self.guard = GuardSection()
        self.line = LineSection()
        self.sections: tuple[Section, ...] = (
            self.name,
            self.limits,
            self.region,
            self.classes,
            self.guard,
            self.line,
        )
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setObjectName("page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, SPACING, 0)
        column.setSpacing(SPACING)
        for section in self.sections:
            column.addWidget(section)
            section.edited.connect(self._edited)
        self.limits.column.addWidget(self.weighing)
        self.limits.column.addWidget(self.limits.cheapest)
        column.addStretch(1)
        self.setWidget(inside)
        self._inside = inside
        self.show_recipe(None)
        self.setMinimumWidth(min(scaled(352), 464))

    def set_package(self, package: ModelPackage) -> None:
        """The classes and what the model can tell."""
        self.classes.set_classes(tuple(c.name for c in package.manifest.classes if c.role == "defect"))
        self.name.set_version(package.version)
        guard = package.manifest.guard
        self.guard.set_known(novelty=guard is not None and guard.novelty_max is not None)

    def show_recipe(self, recipe: Recipe | None) -> None:
        """In every section."""
        self._inside.setEnabled(recipe is not None)
        if recipe is not None:
            for section in self.sections:
                section.show_recipe(recipe)

    def _edited(self, recipe: Recipe) -> None:
        for section in self.sections:
            if section is not self.sender():
                section.show_recipe(recipe)
        self.edited.emit(recipe)
