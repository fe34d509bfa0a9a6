"""The live curves of a training: loss, and the score on the validation part, over epochs."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.training import EpochDone
from gui.i18n.language import translate
from gui.theme.theme import SMALL, SPACING, Theme, font, scaled


def score_names() -> dict[str, str]:
    """The figures an epoch may come with, the most telling first, and how they are called."""
    return {
        "ap": translate("Teach", "average precision"),
        "macro_f1": translate("Teach", "macro F1"),
        "auroc": translate("Teach", "AUROC"),
        "accuracy": translate("Teach", "accuracy"),
    }


class Curves(QWidget):
    """One point an epoch in each plot. Axes are labelled; the best epoch so far is ringed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._loss = _plot(translate("Teach", "loss"))
        self._score = _plot(translate("Teach", "score"))
        self._score.setYRange(0, 1)
        self._score.hide()
        self._legend = self._loss.addLegend(offset=(-8, 8), labelTextSize=f"{scaled(SMALL)}px")
        self._train = self._loss.plot(name=translate("Teach", "training"), symbol="s", symbolSize=6)
        self._validation = self._loss.plot(name=translate("Teach", "validation"), symbol="o", symbolSize=7)
        self._scored = self._score.plot(symbol="o", symbolSize=7)
        self._best = [plot.plot(pen=None, symbol="o", symbolSize=14, symbolBrush=None) for plot in self._plots]
        self._epochs: list[EpochDone] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        for plot in self._plots:
            row.addWidget(plot, 1)
        self.setMinimumHeight(min(scaled(168), 280))
        self._dress()
        theme.changed.connect(self._dress)

    @property
    def epochs(self) -> tuple[EpochDone, ...]:
        """What is drawn."""
        return tuple(self._epochs)

    def clear(self) -> None:
        """Start anew."""
        self._epochs = []
        self._draw()

    def add(self, epoch: EpochDone) -> None:
        """One epoch more; one that is told again (a resumed run) replaces the first."""
        self._epochs = [e for e in self._epochs if e.epoch < epoch.epoch] + [epoch]
        self._draw()

    @property
    def _plots(self) -> tuple[Any, Any]:
        return self._loss, self._score

    def _draw(self) -> None:
        done = self._epochs
        self._train.setData([e.epoch for e in done], [e.train_loss for e in done])
        judged = [(e.epoch, e.validation_loss, e.best) for e in done if e.validation_loss is not None]
        _draw(self._validation, self._best[0], judged)
        names = score_names()
        name = next((n for n in names if any(n in e.figures for e in done)), "")
        self._score.setVisible(bool(name))
        self._score.getAxis("left").setLabel(names.get(name, ""))
        _draw(self._scored, self._best[1], [(e.epoch, e.figures[name], e.best) for e in done if name in e.figures])
        for plot in self._plots if done else ():
            plot.setXRange(min(e.epoch for e in done), max(2, done[-1].epochs), padding=0.02)
            step = max(1, done[-1].epochs // 8)
            plot.getAxis("bottom").setTickSpacing(step, step)

    def _dress(self) -> None:
        colours = self._theme.colours
        for plot in self._plots:
            plot.setBackground(colours.sunken)
            for side in ("bottom", "left"):
                axis = plot.getAxis(side)
                axis.setPen(pg.mkPen(colours.line))
                axis.setTextPen(pg.mkPen(colours.muted))
        self._legend.setLabelTextColor(colours.text)
        self._train.setPen(pg.mkPen(colours.muted, width=2, style=Qt.PenStyle.DashLine))
        for curve, colour in (
            (self._train, colours.muted),
            (self._validation, colours.accent),
            (self._scored, colours.accent),
        ):
            if curve is not self._train:
                curve.setPen(pg.mkPen(colour, width=2))
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(None)
        for best in self._best:
            best.setSymbolPen(pg.mkPen(colours.text, width=2))


def _draw(curve: Any, best: Any, points: list[tuple[int, float, bool]]) -> None:
    curve.setData([e for e, _, _ in points], [v for _, v, _ in points])
    ringed = [(e, v) for e, v, is_best in points if is_best][-1:]
    best.setData([e for e, _ in ringed], [v for _, v in ringed])


def _plot(words: str) -> Any:
    made = pg.PlotWidget()
    made.setMenuEnabled(False)
    made.setMouseEnabled(False, False)
    made.hideButtons()
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for side, said in (("bottom", translate("Teach", "epoch")), ("left", words)):
        axis = made.getAxis(side)
        axis.enableAutoSIPrefix(False)
        axis.setLabel(said)
        axis.label.setFont(font(SMALL))
        axis.setTickFont(font(SMALL))
    made.setLimits(yMin=0)
    return made
