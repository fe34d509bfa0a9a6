"""What is done with whole recipes: new, duplicate, import, export, versions, retire, each on a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from db.recipes.shelf import (
    DUPLICATED,
    IMPORTED,
    StoredRecipe,
    duplicate,
    export_recipe,
    free_path,
    import_recipe,
    list_recipes,
    retire,
    save,
)
from db.users.trail import record
from engine.recipes.file import default_recipe
from gui.context import AppContext
from gui.i18n.language import translate
from gui.pages.recipes.editor.saving import RecipeSaving
from gui.pages.recipes.whose import Whose
from gui.users.operators import ask_engineer
from gui.users.why_dialog import WhyDialog


class RecipeActs(QObject):
    """For the recipe that is `chosen`. `made` with the path of one that is new in the list; `gone` when one left it."""

    made = Signal(object)
    gone = Signal()

    def __init__(
        self,
        context: AppContext,
        saving: RecipeSaving,
        whose: Whose,
        chosen: Callable[[], StoredRecipe | None],
        page: QWidget,
    ) -> None:
        super().__init__(page)
        self._context, self._saving, self._chosen, self._page = context, saving, chosen, page
        self._whose = whose

    @property
    def folder(self) -> Path:
        """Where the station's recipes are."""
        return self._context.folder / "recipes"

    def entries(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        """The rare ones for a menu: word, key and act."""
        return (
            (translate("Recipes", "Duplicate"), "D", self.duplicate),
            (translate("Recipes", "Versions…"), "V", self.show_versions),
            (translate("Recipes", "Import…"), "I", self.ask_import),
            (translate("Recipes", "Export…"), "X", self.ask_export),
            (translate("Recipes", "Retire…"), "Del", self.ask_retire),
        )

    def new(self) -> None:
        """One from what the model brings along."""
        package = self._saving.package
        if package is None:
            self._context.notify("info", translate("Recipes", "No model is loaded yet."))
            return
        db, folder, base = self._context.db, self.folder, translate("Recipes", "New recipe")
        product = self._whose.product.name
        why = translate("Recipes", "made from the model")

        def work(who: str) -> Path:
            name = _free_name(folder, base)
            path = free_path(folder, name)
            made = replace(default_recipe(package), name=name, model=package.version, product=product)
            save(db, path, made, who, why)
            return path

        self._as_engineer(work)

    def duplicate(self) -> None:
        """The same again, to be changed."""
        recipe = self._chosen()
        if recipe is None:
            return
        db, base = self._context.db, translate("Recipes", "{name} copy").format(name=recipe.name)

        def work(who: str) -> Path:
            made = duplicate(recipe.path, _free_name(recipe.path.parent, base))
            record(db, who, DUPLICATED, f"{recipe.name} {recipe.version} as {made.name} ({made.path.name})")
            return made.path

        self._as_engineer(work)

    def ask_import(self) -> None:
        """Choose a recipe file."""
        dialog = self._dialog(translate("Recipes", "Import a recipe"), QFileDialog.AcceptMode.AcceptOpen)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.import_file)
        dialog.open()

    def import_file(self, path: str) -> None:
        """Bring it in; what is wrong with it is told."""
        db, folder, file = self._context.db, self.folder, Path(path)
        self._context.remember("recipes", folder=str(file.parent))

        def work(who: str) -> Path:
            made = import_recipe(file, folder)
            record(db, who, IMPORTED, f"{made.name} {made.version} ({made.path.name}) from {file.name}")
            return made.path

        self._as_engineer(work)

    def show_versions(self) -> None:
        """Its versions, and what differs between them."""
        recipe = self._chosen()
        if recipe is not None:
            self._saving.show_versions(recipe)

    def ask_export(self) -> None:
        """Choose where to."""
        recipe = self._chosen()
        if recipe is None:
            return
        dialog = self._dialog(translate("Recipes", "Export the recipe"), QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(recipe.path.name)
        dialog.fileSelected.connect(partial(self.export_to, recipe))
        dialog.open()

    def export_to(self, recipe: StoredRecipe, target: str) -> None:
        """Write it there, with its golden pictures."""
        self._context.remember("recipes", folder=str(Path(target).parent))
        self._context.jobs.run(lambda: export_recipe(recipe.path, Path(target)), self._exported)

    def ask_retire(self) -> None:
        """Why it goes out of use; not while the line judges by it."""
        recipe = self._chosen()
        if recipe is None:
            return
        if self._saving.in_force(recipe.path):
            self._context.notify(
                "info",
                translate("Recipes", "This recipe is in force on the line."),
                translate("Recipes", "Put another one on the line first."),
            )
        else:
            ask_engineer(self._context, self._page, partial(self._ask_retire, recipe))

    def _ask_retire(self, recipe: StoredRecipe, who: str) -> None:
        text = translate("Recipes", "{name} leaves the list. Its files are kept in the folder “retired”.")
        title = translate("Recipes", "Retire the recipe")
        dialog = WhyDialog(
            self._context.theme,
            title,
            text.format(name=recipe.name),
            translate("Recipes", "Retire"),
            required=True,
            name=who,
            name_fixed=self._context.settings.pin_required,
            parent=self._page,
        )
        dialog.decided.connect(partial(self._retire, recipe))
        dialog.open()

    def _retire(self, recipe: StoredRecipe, why: str, who: str) -> None:
        db = self._context.db
        self._context.jobs.run(lambda: retire(db, recipe.path, who, why), self._retired)

    def _as_engineer(self, work: Callable[[str], Path]) -> None:
        ask_engineer(self._context, self._page, partial(self._run, work))

    def _run(self, work: Callable[[str], Path], who: str) -> None:
        self._context.jobs.run(lambda: work(who), self._made)

    def _made(self, path: Path) -> None:
        self.made.emit(path)

    def _retired(self, target: Path) -> None:
        self._context.notify("info", translate("Recipes", "The recipe is retired: {path}").format(path=target))
        self.gone.emit()

    def _exported(self, target: Path) -> None:
        self._context.notify("info", translate("Recipes", "The recipe is exported: {path}").format(path=target))

    def _dialog(self, title: str, mode: QFileDialog.AcceptMode) -> QFileDialog:
        folder = str(self._context.memory("recipes").get("folder", ""))
        known = folder if folder and Path(folder).is_dir() else str(Path.home())
        dialog = QFileDialog(self._page, title, known, translate("Recipes", "Recipes (*.toml)"))
        dialog.setAcceptMode(mode)
        return dialog


def _free_name(folder: Path, base: str) -> str:
    taken = {recipe.name for recipe in list_recipes(folder)}
    tries = (base if n == 1 else f"{base[:90]} {n}" for n in range(1, len(taken) + 2))
    return next(name for name in tries if name not in taken)
