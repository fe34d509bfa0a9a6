"""What the report is about: product, period, grouping, lot, recipe and model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QDate, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QLabel, QWidget

from db.products.shelf import Product
from db.statistics.figures import Scope, ScopeChoices
from engine.domain.inspection import Origin, utc_now
from engine.statistics.buckets import Grouping, fitting
from engine.system.places import resources_folder
from gui.i18n.language import translate
from gui.pages.reports.figures import COUNTED, PERIODS, Ask, Period, period_of
from gui.pages.reports.words import counted_word, grouping_word, period_word
from gui.theme.theme import Theme, scaled
from gui.widgets.flow import FlowLayout

NOW, EVERY = "now", "all"
"""Whose parts, beside the products by their ids: of the one inspected now, or of all together."""


class ReportsBar(QWidget):
    """`changed` follows every choice. What was chosen before is handed in and out as plain values."""

    changed = Signal()

    def __init__(self, theme: Theme, origin: Origin = Origin.PRODUCTION, parent: QWidget | None = None) -> None:
        """`origin`: what is counted where nothing else was chosen."""
        super().__init__(parent)
        self._theme, self._origin = theme, origin
        self._products: dict[str, frozenset[str]] = {}
        self._wanted = NOW
        """The product chosen before, until they are offered."""
        self.product = _box(translate("Reports", "Product"))
        self.period = _box(translate("Reports", "Period"))
        self.grouping = _box(translate("Reports", "Group by"))
        self.lot = _box(translate("Reports", "Lot"))
        self.recipe = _box(translate("Reports", "Recipe"))
        self.model = _box(translate("Reports", "Model"))
        self.counted = _box(translate("Reports", "Counted"))
        for counted in COUNTED:
            self.counted.addItem(counted_word(counted), counted)
        self.counted.setCurrentIndex(self.counted.findData(str(origin)))
        for period in PERIODS:
            self.period.addItem(period_word(period), period)
        for grouping in Grouping:
            self.grouping.addItem(grouping_word(grouping), str(grouping))
        self.since, self.until = _date(translate("Reports", "First day")), _date(translate("Reports", "Last day"))
        self._dash = QLabel("–")
        self.offer(ScopeChoices((), (), ()))
        self.flow = FlowLayout(self)
        for widget in (self.product, self.period, self.since, self._dash, self.until, self.counted, self.grouping):
            self.flow.addWidget(widget)
        for widget in (self.lot, self.recipe, self.model):
            self.flow.addWidget(widget)
        self._show_dates()
        self._dress()
        theme.changed.connect(self._dress)
        for box in (self.product, self.period, self.counted, self.grouping, self.lot, self.recipe, self.model):
            box.currentIndexChanged.connect(self._chosen)
        for date in (self.since, self.until):
            date.dateChanged.connect(self._chosen)

    def ask(self, shifts: Sequence[str], now: datetime | None = None) -> Ask:
        """What is chosen, with the period counted back from `now`."""
        clocks = tuple(shifts)
        own = (_moment(self.since.date()), _moment(self.until.date()))
        bounds = period_of(self._period(), now or utc_now(), clocks, own)
        values = {name: box.currentData() for name, box in self._filters().items()}
        origins, product = COUNTED[self.counted.currentData()], self.product.currentData()
        scope = Scope(bounds.since, bounds.until, **values, origins=origins, products=self._products.get(product))
        grouping = Grouping(self.grouping.currentData())
        words = self.product.currentText() if self._products else ""
        return Ask(scope, fitting(grouping, scope.since, scope.until), clocks, words)

    def offer_products(self, products: Sequence[Product], now: Product) -> None:
        """The products there are, first the one inspected now, which is meant where no other one was chosen."""
        several = len(products) > 1
        chosen = self.product.currentData() or self._wanted
        others = [product for product in products if product.id != now.id] if several else []
        self._products = {NOW: now.on_record} | {p.id: p.on_record for p in others} if several else {}
        blocker = QSignalBlocker(self.product)
        self.product.clear()
        self.product.addItem(now.name, NOW)
        for product in others:
            self.product.addItem(product.name, product.id)
        self.product.addItem(translate("Reports", "All products together"), EVERY)
        self.product.setCurrentIndex(max(0, self.product.findData(chosen)))
        blocker.unblock()
        self.product.setVisible(several)
        self.flow.invalidate()

    def values(self) -> dict[str, Any]:
        """The choices as JSON values."""
        found: dict[str, Any] = {name: box.currentData() or "" for name, box in self._filters().items()}
        found |= {"period": self._period(), "grouping": self.grouping.currentData()}
        found |= {"counted": self.counted.currentData(), "product": self.product.currentData() or self._wanted}
        return found | {"first": self.since.date().toString("yyyy-MM-dd"), "last": self._iso(self.until)}

    def restore(self, values: dict[str, Any]) -> None:
        """Choose what was chosen before; what does not fit is passed over, a lot that is not known yet is added."""
        blockers = [QSignalBlocker(w) for w in (self.period, self.counted, self.grouping, self.since, self.until)]
        for box, key in ((self.period, "period"), (self.grouping, "grouping")):
            index = box.findData(values.get(key))
            box.setCurrentIndex(max(0, index) if key == "period" else max(box.currentIndex(), index, 0))
        counted = self.counted.findData(values.get("counted"))
        self.counted.setCurrentIndex(counted if counted >= 0 else self.counted.findData(str(self._origin)))
        self._wanted = str(values.get("product") or NOW)
        for date, key in ((self.since, "first"), (self.until, "last")):
            kept = QDate.fromString(str(values.get(key)), "yyyy-MM-dd")
            if kept.isValid():
                date.setDate(kept)
        for name, box in self._filters().items():
            kept_value = values.get(name)
            if isinstance(kept_value, str) and 0 < len(kept_value) <= 200:
                blockers.append(QSignalBlocker(box))
                box.addItem(kept_value, kept_value)
                box.setCurrentIndex(box.findData(kept_value))
        for blocker in blockers:
            blocker.unblock()
        self._show_dates()

    def offer(self, choices: ScopeChoices) -> None:
        """What there is to filter by; what is chosen stays."""
        _fill(self.lot, translate("Reports", "All lots"), choices.lots)
        _fill(self.recipe, translate("Reports", "All recipes"), choices.recipes)
        _fill(self.model, translate("Reports", "All models"), choices.models)

    def in_words(self) -> str:
        """The filters, for a report's head."""
        chosen = [box.currentText() for box in self._filters().values() if box.currentData()]
        return ", ".join(chosen) or translate("Reports", "none")

    def _filters(self) -> dict[str, QComboBox]:
        return {"lot": self.lot, "recipe": self.recipe, "model": self.model}

    def _period(self) -> Period:
        found = self.period.currentData()
        return next(p for p in PERIODS if p == found)

    @staticmethod
    def _iso(field: QDateEdit) -> str:
        return field.date().toString("yyyy-MM-dd")

    def _chosen(self) -> None:
        self._show_dates()
        self.changed.emit()

    def _dress(self) -> None:
        arrow = (resources_folder() / "icons" / f"chevron-{self._theme.name}.svg").as_posix()
        parts = ("drop-down { border: none; width: 24px; }", f"down-arrow {{ image: url({arrow}); width: 12px; }}")
        for field in (self.since, self.until):
            field.setStyleSheet(" ".join(f"QDateEdit::{part}" for part in parts))

    def _show_dates(self) -> None:
        for widget in (self.since, self._dash, self.until):
            widget.setVisible(self._period() == "own")
        self.flow.invalidate()
        self.updateGeometry()


def _box(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setMinimumContentsLength(8)
    box.setMaximumWidth(scaled(200))
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box


def _date(name: str) -> QDateEdit:
    field = QDateEdit(QDate.currentDate())
    field.setAccessibleName(name)
    field.setToolTip(name)
    field.setDisplayFormat("d MMM yyyy")
    field.setMinimumWidth(scaled(132))
    field.setCalendarPopup(True)
    field.setDateRange(QDate(2000, 1, 1), QDate(2199, 12, 31))
    return field


def _fill(box: QComboBox, every: str, values: Sequence[str]) -> None:
    chosen = box.currentData()
    blocker = QSignalBlocker(box)
    box.clear()
    box.addItem(every, None)
    for value in values if chosen is None or chosen in values else (*values, chosen):
        box.addItem(value, value)
    box.setCurrentIndex(max(0, box.findData(chosen)) if chosen is not None else 0)
    blocker.unblock()


def _moment(day: QDate) -> datetime:
    """Noon of that local day."""
    return datetime(day.year(), day.month(), day.day(), 12).astimezone()
