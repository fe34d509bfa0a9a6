"""The stored recipes: name, version, model, which one is in force, which have changes that are not saved."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from db.products.shelf import Product
from db.recipes.shelf import StoredRecipe
from gui.i18n.language import translate
from gui.theme.icons import icon
from gui.theme.theme import SPACING, Theme, scaled
from gui.widgets.calm_table import mixed
from gui.widgets.key_button import KeyButton

PATH = int(Qt.ItemDataRole.UserRole)
ICON = PATH + 1


class RecipeList(QWidget):
    """`chosen` with the path, `productChosen` with the id of the product whose recipes are asked for. The rare acts are
    in the menu, each with its key."""

    chosen = Signal(object)
    productChosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.product = QComboBox()
        self.product.setAccessibleName(translate("Recipes", "Product"))
        self.product.setToolTip(translate("Recipes", "Whose recipes are listed"))
        self.product.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.product.activated.connect(self._product_chosen)
        self.list = QListWidget()
        self.list.setAccessibleName(translate("Recipes", "Recipes"))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setIconSize(QSize(20, 20))
        self.empty = QLabel(
            translate("Recipes", "No recipe yet. Make one from the active model (N), or import a file (I)."),
            wordWrap=True,
        )
        self.empty.setProperty("role", "muted")
        self.new_button = KeyButton(theme, translate("Recipes", "New"), "N", compact=True)
        self.more = KeyButton(theme, translate("Recipes", "More"), "", compact=True)
        self.menu = QMenu(self.more)
        self.more.setMenu(self.menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for widget in (self.product, self.empty, self.list, self.new_button, self.more):
            column.addWidget(widget, 1 if widget is self.list else 0)
        self.setMinimumWidth(min(scaled(144), 208))
        self.list.currentItemChanged.connect(self._chosen)
        theme.changed.connect(self._dress)
        self._dress()

    def add_act(self, word: str, key: str, act: object) -> QAction:
        """One act of the menu; the window binds its key."""
        made = QAction(f"{word}\t{key}", self.menu)
        made.triggered.connect(act)
        self.menu.addAction(made)
        return made

    @property
    def current(self) -> Path | None:
        """The recipe the mark is on."""
        item = self.list.currentItem()
        return None if item is None else Path(item.data(PATH))

    def show_products(self, products: Iterable[Product], chosen: str) -> None:
        """Whose recipes may be asked for; `chosen`: whose are listed, by its id."""
        with QSignalBlocker(self.product):
            self.product.clear()
            for product in products:
                self.product.addItem(product.name, product.id)
            self.product.setCurrentIndex(max(0, self.product.findData(chosen)))
        self.product.setVisible(self.product.count() > 1)

    def show_recipes(
        self, recipes: Iterable[StoredRecipe], in_force: str, drafts: Iterable[str], wanted: Path | None
    ) -> None:
        """The list anew; the mark goes to `wanted`, else to the one in force, else to the first."""
        force, changed = Path(in_force) if in_force else None, set(drafts)
        with QSignalBlocker(self.list):
            self.list.clear()
            for recipe in recipes:
                self.list.addItem(self._item(recipe, recipe.path == force, recipe.path.name in changed))
        some = self.list.count() > 0
        self.empty.setVisible(not some)
        self.list.setVisible(some)
        paths = [Path(self.list.item(row).data(PATH)) for row in range(self.list.count())]
        mark = next((p for p in (wanted, force) if p in paths), paths[0] if paths else None)
        if mark is not None:
            with QSignalBlocker(self.list):
                self.list.setCurrentRow(paths.index(mark))
        self.chosen.emit(mark)

    def _item(self, recipe: StoredRecipe, in_force: bool, changed: bool) -> QListWidgetItem:
        second = [translate("Recipes", "version {version}").format(version=recipe.version)]
        if recipe.model:
            second.append(recipe.model[:8])
        if changed:
            second.append(translate("Recipes", "not saved"))
        lines = [recipe.name, " · ".join(second)]
        if in_force:
            lines.append(translate("Recipes", "in force on the line"))
        item = QListWidgetItem("\n".join(lines))
        item.setToolTip(str(recipe.path))
        item.setData(PATH, str(recipe.path))
        item.setData(ICON, "live" if in_force else "recipes")
        item.setIcon(icon("live" if in_force else "recipes", self._theme.colours.text))
        item.setSizeHint(QSize(scaled(120), scaled(22 * len(lines) + 12)))
        return item

    def _dress(self) -> None:
        """A calm selection, as the tables have it."""
        chosen, text = mixed(self._theme.colour("surface"), self._theme.colour("accent"), 0.3).name(), "text"
        self.list.setStyleSheet(
            f"QListWidget::item:selected {{ background: {chosen}; color: {self._theme.colour(text).name()}; }}"
        )
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setIcon(icon(str(item.data(ICON)), self._theme.colours.text))

    def _product_chosen(self) -> None:
        self.productChosen.emit(str(self.product.currentData()))

    def _chosen(self) -> None:
        self.chosen.emit(self.current)
