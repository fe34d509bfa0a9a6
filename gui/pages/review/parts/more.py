"""The further filters of Review: product, lot, model, recipe, what for, a range of scores, a range of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDateTimeEdit, QDoubleSpinBox, QFrame, QHBoxLayout, QLabel, QWidget

from db.inspections.table import Filter, FilterChoices
from db.products.shelf import Product
from engine.domain.inspection import Origin
from gui.i18n.language import origin_word, translate
from gui.pages.review.parts.choices import HOURS, chosen_text, fill, plain_box, take_text
from gui.theme.theme import SPACING, Theme
from gui.widgets.flow import FlowLayout


class MoreFilters(QFrame):
    """`chosen` follows a choice from a list, `typed` a number or a time, which may go on being typed."""

    chosen = Signal()
    typed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.product = plain_box(translate("Review", "Product"))
        self._known: tuple[Product, ...] = ()
        self._products: dict[str, frozenset[str]] = {}
        self.lot = plain_box(translate("Review", "Lot"))
        self.model = plain_box(translate("Review", "Model"))
        self.recipe = plain_box(translate("Review", "Recipe"))
        origins = [(translate("Review", "Any"), ""), *((origin_word(origin), str(origin)) for origin in Origin)]
        self.origin = plain_box(translate("Review", "Judged for"), origins)
        self.least = _score(translate("Review", "Lowest score"), 0.0)
        self.most = _score(translate("Review", "Highest score"), 1.0)
        self.since = _time(translate("Review", "From this time"))
        self.until = _time(translate("Review", "Until this time"))
        now = QDateTime.currentDateTime()
        self.since.setDateTime(now.addDays(-1))
        self.until.setDateTime(now.addSecs(3600))
        self._scores = _pair(translate("Review", "Score"), self.least, self.most)
        self._times = _pair(translate("Review", "Time"), self.since, self.until)
        row = FlowLayout(self)
        for name, box in self._lists():
            row.addWidget(_named(name, box))
        row.addWidget(self._scores)
        row.addWidget(self._times)
        self._times.hide()
        self._own = False
        for _, box in self._lists():
            box.currentIndexChanged.connect(self.chosen)
        for field in (self.least, self.most):
            field.valueChanged.connect(self.typed)
        for edit in (self.since, self.until):
            edit.dateTimeChanged.connect(self.typed)

    def _lists(self) -> tuple[tuple[str, QComboBox], ...]:
        return (
            (translate("Review", "Product"), self.product),
            (translate("Review", "Lot"), self.lot),
            (translate("Review", "Model"), self.model),
            (translate("Review", "Recipe"), self.recipe),
            (translate("Review", "Judged for"), self.origin),
        )

    @property
    def active(self) -> int:
        """How many of these filters are in force."""
        lists = sum(bool(chosen_text(box)) for _, box in self._lists())
        return lists + (self._least is not None or self._most is not None) + self._own

    def own_times(self, own: bool) -> None:
        """Show the two ends of an own range of times, or not."""
        self._own = own
        self._times.setVisible(own)

    def set_blind(self, blind: bool) -> None:
        """A score would tell the verdict."""
        self._scores.setEnabled(not blind)

    def offer(self, choices: FilterChoices) -> None:
        """What there is to choose from."""
        any_ = translate("Review", "Any")
        for box, values in ((self.lot, choices.lots), (self.model, choices.models), (self.recipe, choices.recipes)):
            fill(box, any_, values)

    def product_word(self, name: str) -> str:
        """The product of a part whose row bears this name, for what is said of it; empty where there is only one."""
        if len(self._known) < 2:
            return ""
        whose = next((product for product in self._known if name in product.on_record), None)
        words = translate("Review", "Product {name}").format(name=name or (whose.name if whose else ""))
        if whose is not None and name and name != whose.name:
            words += " " + translate("Review", "(now {name})").format(name=whose.name)
        return words

    def offer_products(self, products: Sequence[Product]) -> None:
        """The products there are, by the names they have now."""
        self._known = tuple(products)
        self._products = {name: product.on_record for product in products for name in product.names}
        fill(self.product, translate("Review", "Any"), tuple(product.name for product in products))

    def narrow(self, wanted: Filter, time: str, now: datetime) -> Filter:
        """`wanted` with these filters; `time` is a key of HOURS, `own`, or empty."""
        since = now - timedelta(hours=HOURS[time]) if time in HOURS else None
        until = None
        if time == "own":
            since, until = _at(self.since), _at(self.until)
        return replace(
            wanted,
            products=self._chosen_names(),
            lot=chosen_text(self.lot) or None,
            model=chosen_text(self.model) or None,
            recipe=chosen_text(self.recipe) or None,
            origin=Origin(chosen) if (chosen := chosen_text(self.origin)) else None,
            min_score=self._least,
            max_score=self._most,
            since=since,
            until=until,
        )

    def clear(self) -> None:
        """None of them."""
        for _, box in self._lists():
            box.setCurrentIndex(0)
        self.least.setValue(0.0)
        self.most.setValue(1.0)

    def state(self) -> dict[str, Any]:
        """What is chosen, as JSON values; times in seconds since 1970."""
        return {
            "product": chosen_text(self.product),
            "lot": chosen_text(self.lot),
            "model": chosen_text(self.model),
            "recipe": chosen_text(self.recipe),
            "origin": chosen_text(self.origin),
            "score": [self.least.value(), self.most.value()],
            "own": [self.since.dateTime().toSecsSinceEpoch(), self.until.dateTime().toSecsSinceEpoch()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Choose again what `state` says."""
        kept = ((self.product, "product"), (self.lot, "lot"), (self.model, "model"), (self.recipe, "recipe"))
        for box, name in kept:
            take_text(box, state.get(name), free=True)
        take_text(self.origin, state.get("origin"))
        scores = _numbers(state.get("score"), 0.0, 1.0) or (0.0, 1.0)
        self.least.setValue(scores[0])
        self.most.setValue(scores[1])
        own = _numbers(state.get("own"), 0.0, 4e9)
        if own is not None:
            self.since.setDateTime(QDateTime.fromSecsSinceEpoch(int(own[0])))
            self.until.setDateTime(QDateTime.fromSecsSinceEpoch(int(own[1])))

    def _chosen_names(self) -> frozenset[str] | None:
        """The names that the rows of the chosen product bear."""
        name = chosen_text(self.product)
        return self._products.get(name, frozenset((name,))) if name else None

    @property
    def _least(self) -> float | None:
        return self.least.value() if self.least.value() > 0.0 else None

    @property
    def _most(self) -> float | None:
        return self.most.value() if self.most.value() < 1.0 else None


def _score(name: str, value: float) -> QDoubleSpinBox:
    field = QDoubleSpinBox(minimum=0.0, maximum=1.0, singleStep=0.05, decimals=2, value=value)
    field.setAlignment(Qt.AlignmentFlag.AlignCenter)
    field.setAccessibleName(name)
    return field


def _time(name: str) -> QDateTimeEdit:
    field = QDateTimeEdit(calendarPopup=True)
    field.setDisplayFormat(f"{QLocale().dateFormat(QLocale.FormatType.ShortFormat)} HH:mm")
    field.setAccessibleName(name)
    return field


def _at(field: QDateTimeEdit) -> datetime:
    return datetime.fromtimestamp(field.dateTime().toSecsSinceEpoch(), UTC)


def _named(name: str, field: QWidget, second: QWidget | None = None) -> QWidget:
    holder, label = QWidget(), QLabel(name)
    label.setProperty("role", "muted")
    label.setBuddy(field)
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, SPACING, 0)
    row.setSpacing(SPACING)
    for widget in (label, field, *((QLabel("–"), second) if second else ())):
        row.addWidget(widget)
    return holder


def _pair(name: str, first: QWidget, second: QWidget) -> QWidget:
    return _named(name, first, second)


def _numbers(value: object, least: float, most: float) -> tuple[float, float] | None:
    """Two numbers of a file within bounds; None where they are not."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    if not all(isinstance(v, (int, float)) and least <= v <= most for v in value):
        return None
    return float(value[0]), float(value[1])
