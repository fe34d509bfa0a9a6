"""What the thresholds would have done to parts whose truth is known: figures, the curve and its cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from db.recipes.known_parts import ScoredPart, known_parts
from engine.domain.inspection import Outcome, Prediction
from engine.domain.recipe import Guard, Recipe
from engine.judging.judge import by_recipe
from engine.packages.package import ModelPackage
from engine.statistics.costs import FEWEST, Curve, Prices, cost_of, curve_of, enough
from engine.statistics.mistakes import Mistakes, say_little
from engine.verdicts.verdict import defect_score
from gui.context import AppContext
from gui.forms.fields import Number
from gui.i18n.language import number, percent, translate
from gui.theme.theme import CONTROL, SMALL, SPACING, Theme, font, scaled

SETTLE_MS = 120
PLOT_HEIGHT = 150


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """The known parts at one setting of a recipe. `curve` None: too few of them."""

    mistakes: Mistakes
    curve: Curve | None
    otherwise: int
    """Parts that areas, classes and counts decide otherwise than the score alone."""


def weigh(parts: Sequence[ScoredPart], recipe: Recipe, prices: Prices) -> Weighed:
    """Judge every known part by the recipe, from what the model said of it. A stored part was fit to be judged."""
    plain, limits = _plain(recipe), recipe.limits
    outcomes = [by_recipe(Prediction(part.scores, part.regions), plain).verdict.outcome for part in parts]
    scores = [defect_score(part.scores, recipe.ok_classes) for part in parts]
    defective = [part.defective for part in parts]
    band = (limits.ng_at - limits.review_from, limits.review_to - limits.ng_at)
    by_score = [_by_score(score, recipe) for score in scores]
    curve = curve_of(scores, defective, band, prices) if enough(defective) else None
    otherwise = sum(a is not b for a, b in zip(outcomes, by_score, strict=True))
    return Weighed(Mistakes.of(zip(defective, outcomes, strict=True)), curve, otherwise)


class Weighing(QObject):
    """Keeps the known parts of a model and weighs the newest wish on a job."""

    weighed = Signal(object)
    """Weighed, or None while no recipe or model is known."""

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._parts: list[ScoredPart] = []
        self._wish: tuple[Recipe, Prices] | None = None
        self._busy = False
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self._weigh)

    def read(self, package: ModelPackage, products: frozenset[str]) -> None:
        """Read the known parts again that the model judged and that bear one of these names."""
        db, version = self._context.db, package.version
        classes = [c.name for c in package.manifest.classes]
        sound = package.manifest.ok_classes
        self._context.jobs.run(lambda: known_parts(db, version, classes, sound, products), self._found)

    def weigh(self, recipe: Recipe | None, prices: Prices) -> None:
        """Soon; a newer wish replaces this one."""
        self._wish = None if recipe is None else (recipe, prices)
        self._timer.start()

    def stop(self) -> None:
        """Nothing more."""
        self._timer.stop()

    def _found(self, parts: list[ScoredPart]) -> None:
        self._parts = parts
        self._timer.start()

    def _weigh(self) -> None:
        if self._wish is None:
            self.weighed.emit(None)
        elif not self._busy:
            self._busy = True
            parts, (recipe, prices) = self._parts, self._wish
            self._context.jobs.run(lambda: (recipe, prices, weigh(parts, recipe, prices)), self._done, self._failed)

    def _done(self, done: tuple[Recipe, Prices, Weighed]) -> None:
        self._busy = False
        recipe, prices, weighed = done
        self.weighed.emit(weighed)
        if self._wish != (recipe, prices):
            self._timer.start()

    def _failed(self, error: Exception) -> None:
        self._busy = False
        self._context.jobs.failed.emit(error)


class WeighView(QWidget):
    """Two plots over the threshold (shares above, cost below), the figures in words, and the three prices."""

    pricesChanged = Signal(object)

    def __init__(self, theme: Theme, prices: Prices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.weighed: Weighed | None = None
        self.prices = prices
        self._shares = _plot(translate("Recipes", "share (%)"), "")
        self._cost = _plot(translate("Recipes", "cost"), translate("Recipes", "NG from"))
        self._legend = self._shares.addLegend(offset=(-4, 4), labelTextSize=f"{scaled(SMALL)}px")
        self._lines = [
            self._shares.plot(name=word)
            for word in (
                translate("Recipes", "escapes"),
                translate("Recipes", "overkill"),
                translate("Recipes", "REVIEW"),
            )
        ]
        self._spent = self._cost.plot()
        self._least = self._cost.plot(pen=None, symbol="o", symbolSize=12, symbolBrush=None)
        self._here = [pg.InfiniteLine(angle=90, movable=False) for _ in range(2)]
        for plot, line in zip((self._shares, self._cost), self._here, strict=True):
            plot.addItem(line)
        self.words = QLabel(wordWrap=True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self._lay_out()
        self._dress()
        theme.changed.connect(self._dress)

    def show_weighed(self, weighed: Weighed | None, ng_at: float) -> None:
        """Figures and curve at this threshold."""
        self.weighed = weighed
        curve = weighed.curve if weighed else None
        for plot in (self._shares, self._cost):
            plot.setVisible(curve is not None)
        for line in self._here:
            line.setValue(ng_at)
        if curve is not None:
            for line, values in zip(self._lines, (curve.escapes, curve.overkill, curve.reviews), strict=True):
                line.setData(curve.thresholds, 100.0 * values)
            self._spent.setData(curve.thresholds, curve.costs)
            self._least.setData([curve.cheapest], [float(curve.costs.min())])
        self.words.setText(figures_words(weighed, self.prices))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for plot in (self._shares, self._cost):
            plot.setFixedHeight(min(scaled(PLOT_HEIGHT), 260))
            column.addWidget(plot)
        column.addWidget(self.words)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setHorizontalSpacing(2 * SPACING)
        form.setVerticalSpacing(SPACING)
        words = (
            (translate("Recipes", "Cost of an escape"), self.prices.escape),
            (translate("Recipes", "of a false reject"), self.prices.false_reject),
            (translate("Recipes", "of a REVIEW"), self.prices.review),
        )
        self.fields = [Number(word, 0.0, 1e7, decimals=2, step=1.0) for word, _ in words]
        for field, (word, value) in zip(self.fields, words, strict=True):
            label = QLabel(word)
            label.setProperty("role", "normal")
            label.setBuddy(field)
            label.setMinimumHeight(scaled(CONTROL))
            form.addRow(label, field)
            field.put(value)
            field.chosen.connect(self._priced)
        column.addLayout(form)

    def _priced(self) -> None:
        self.prices = Prices(*(field.value() for field in self.fields))
        self.pricesChanged.emit(self.prices)

    def _dress(self) -> None:
        colours = self._theme.colours
        for plot in (self._shares, self._cost):
            plot.setBackground(colours.sunken)
            for side in ("bottom", "left"):
                axis = plot.getAxis(side)
                axis.setPen(pg.mkPen(colours.line))
                axis.setTextPen(pg.mkPen(colours.muted))
        self._legend.setLabelTextColor(colours.text)
        # Three lines told apart by their strokes: colour alone is no sign.
        style = Qt.PenStyle
        for line, stroke in zip(self._lines, (style.SolidLine, style.DashLine, style.DotLine), strict=True):
            line.setPen(pg.mkPen(colours.text if stroke is style.SolidLine else colours.muted, width=2, style=stroke))
        self._spent.setPen(pg.mkPen(colours.text, width=2))
        self._least.setSymbolPen(pg.mkPen(colours.accent, width=3))
        for here in self._here:
            here.setPen(pg.mkPen(colours.accent, width=2))


def figures_words(weighed: Weighed | None, prices: Prices) -> str:
    """The counts with their intervals, in words; or what to do for there to be any."""
    if weighed is None:
        return ""
    found = weighed.mistakes
    if weighed.curve is None:
        text = translate(
            "Recipes",
            "Too few parts with a known truth to weigh thresholds: {defects} defective and {sound} sound, "
            "{fewest} of each are needed. Correct parts on Review, or scan folders named as the classes.",
        )
        return text.format(defects=found.defective.total, sound=found.sound.total, fewest=FEWEST)
    rows = (
        (translate("Recipes", "Escapes"), found.escapes),
        (translate("Recipes", "Overkill"), found.overkill),
        (translate("Recipes", "REVIEW"), found.review),
        (translate("Recipes", "NO VERDICT"), found.no_verdict),
    )
    pattern = translate("Recipes", "{what}: {hits} of {total}, {low} to {high} (95 %)")
    lines = []
    for what, share in rows:
        low, high = (percent(end) for end in share.interval)
        lines.append(pattern.format(what=what, hits=number(share.count), total=number(share.of), low=low, high=high))
    if say_little(found):
        lines.append(translate("Recipes", "So few parts say little: the intervals are wide."))
    cost = translate("Recipes", "Cost of 1,000 such parts: {cost}, at least {least}")
    lines.append(cost.format(cost=number(cost_of(found, prices), 1), least=number(float(weighed.curve.costs.min()), 1)))
    if weighed.otherwise:
        lines.append(
            translate(
                "Recipes", "%n part(s) decided by area, class or count: the curve is by score.", "", weighed.otherwise
            )
        )
    return "\n".join(lines)


def _plain(recipe: Recipe) -> Recipe:
    """The recipe without its guard: no stored part was refused by it."""
    return replace(recipe, guard=Guard())


def _by_score(score: float, recipe: Recipe) -> Outcome:
    limits = recipe.limits
    if score < min(limits.review_from, limits.ng_at):
        return Outcome.OK
    return Outcome.NG if score >= max(limits.review_to, limits.ng_at) else Outcome.REVIEW


def _plot(left: str, bottom: str) -> Any:
    made = pg.PlotWidget()
    made.setMenuEnabled(False)
    made.setMouseEnabled(False, False)
    made.hideButtons()
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setXRange(0.0, 1.0, padding=0.01)
    for side, said in (("bottom", bottom), ("left", left)):
        axis = made.getAxis(side)
        axis.enableAutoSIPrefix(False)
        axis.setTickFont(font(SMALL))
        if said:
            axis.setLabel(said)
            axis.label.setFont(font(SMALL))
    made.getAxis("left").setWidth(scaled(52))
    made.setLimits(yMin=0)
    return made
