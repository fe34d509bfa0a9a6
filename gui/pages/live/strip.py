"""What goes with the next parts: product, recipe, lot, part and operator, and whether they are being recorded."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from engine.domain.inspection import Traveller
from engine.domain.recipe import Recipe
from gui.context import AppContext
from gui.i18n.language import translate
from gui.theme.icons import icon
from gui.theme.theme import SPACING, scaled
from gui.widgets.elided import ElidedButton

TWO_ROWS_FROM = 1.4
"""At this size of type the strip has two rows."""
RECIPE_KEY, LOT_KEY, PART_KEY, OPERATOR_KEY = "Ctrl+R", "Ctrl+L", "Ctrl+P", "Ctrl+O"
TEXT_LENGTH = 100
PRODUCT_SIZE, PRODUCT_MOST = 36, 44
"""Of the product's name in pixels: read at two metres, whatever the size of type."""


class TravellerStrip(QWidget):
    """The product's name, large; buttons for recipe and operator, fields for lot and part, and the recording mark."""

    changed = Signal(object)
    """Traveller: what goes with the next parts."""
    recipeAsked = Signal()
    operatorAsked = Signal()

    def __init__(self, context: AppContext, traveller: Traveller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        size = min(scaled(PRODUCT_SIZE), PRODUCT_MOST)
        self.product = ElidedButton(translate("Live", "Product"), RECIPE_KEY, type_size=size)
        self.recipe = ElidedButton(translate("Live", "Recipe"), RECIPE_KEY)
        self.operator = ElidedButton(translate("Live", "Operator"), OPERATOR_KEY)
        self.lot, self.part = QLineEdit(traveller.lot), QLineEdit(traveller.part)
        self._dot, self._word, self._recording = QLabel(), QLabel(self), False
        self._two_rows = scaled(100) >= 100 * TWO_ROWS_FROM
        self._build()
        for box in (self.lot, self.part):
            box.editingFinished.connect(self._tell)
            box.returnPressed.connect(partial(_leave, box))
        self.product.clicked.connect(self.recipeAsked)
        self.recipe.clicked.connect(self.recipeAsked)
        self.operator.clicked.connect(self.operatorAsked)
        context.operatorChanged.connect(self._show_operator)
        context.packageChanged.connect(self._show_recipe)
        context.productChanged.connect(self._show_product)
        context.theme.changed.connect(self._colour)
        self._show_operator(context.settings.operator)
        self._show_recipe()
        self._show_product()
        self.set_recording(False)

    @property
    def traveller(self) -> Traveller:
        """What goes with the next parts."""
        settings = self._context.settings
        return Traveller(self.lot.text().strip(), self.part.text().strip(), settings.operator, settings.station)

    def set_part(self, number: str) -> None:
        """A scanned part number."""
        self.part.setText(number[:TEXT_LENGTH])
        self._tell()

    @property
    def typing(self) -> bool:
        """True while the keys are text."""
        return self.lot.hasFocus() or self.part.hasFocus()

    def edit(self, box: QLineEdit) -> None:
        """Type into one of the fields."""
        box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        box.selectAll()

    def set_recording(self, recording: bool) -> None:
        """Show whether parts are being judged and stored."""
        self._recording = recording
        self._word.setText(translate("Live", "REC") if recording else translate("Live", "off"))
        said = translate("Live", "Parts are judged and stored."), translate("Live", "No part is judged or stored.")
        for label in (self._dot, self._word):
            label.setToolTip(said[0] if recording else said[1])
        self._colour()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _build(self) -> None:
        self.lot.setPlaceholderText(translate("Live", "none"))
        self.part.setPlaceholderText(translate("Live", "type or scan"))
        for box, name, key in (
            (self.lot, translate("Live", "Lot"), LOT_KEY),
            (self.part, translate("Live", "Part"), PART_KEY),
        ):
            box.setMaxLength(TEXT_LENGTH)
            box.setAccessibleName(name)
            box.setToolTip(f"{name}   [{key}]")
            box.setMinimumWidth(scaled(48))
            # Text could be typed into it by mistake where Tab leads there: keys are acts on this page.
            box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        named = {
            "recipe": (translate("Live", "Recipe"), self.recipe, 3),
            "lot": (translate("Live", "Lot"), self.lot, 2),
            "part": (translate("Live", "Part"), self.part, 3),
            "operator": (translate("Live", "Operator"), self.operator, 3),
        }
        rows = (("recipe", "operator"), ("lot", "part")) if self._two_rows else (tuple(named),)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addLayout(self._head())
        for names in rows:
            row = QHBoxLayout()
            row.setSpacing(SPACING)
            for name in names:
                word, widget, stretch = named[name]
                label = QLabel(word)
                label.setProperty("role", "muted")
                row.addWidget(label)
                row.addWidget(widget, stretch)
            column.addLayout(row)
        # In large type the mark's tip, and the status bar, say it.
        self._word.setVisible(not self._two_rows)
        self._word.setMinimumWidth(scaled(32))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _head(self) -> QHBoxLayout:
        """The product, with the mark for recording beside it."""
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        for item in (self.product, self._dot, self._word):
            row.addWidget(item, int(item is self.product))
        return row

    def _show_recipe(self) -> None:
        recipe: Recipe | None = self._context.recipe
        self.recipe.set_full(f"{recipe.name} {recipe.version}" if recipe else "–")

    def _show_product(self) -> None:
        self.product.set_full(self._context.product.name)

    def _show_operator(self, name: str) -> None:
        self.operator.set_full(name or translate("Live", "nobody"))

    def _tell(self) -> None:
        self.changed.emit(self.traveller)

    def _colour(self) -> None:
        colours = self._context.theme.colours
        side = scaled(16)
        self._dot.setPixmap(icon("record", colours.ng if self._recording else colours.line).pixmap(side, side))
        for button in (self.product, self.recipe, self.operator):
            button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            if not self._two_rows:
                button.setIcon(icon("down", colours.muted))


def _leave(box: QLineEdit) -> None:
    """Enter ends the typing: the keys are acts again."""
    box.clearFocus()
