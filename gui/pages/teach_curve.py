"""The live curve of a training: loss over epochs, for the training and the validation part."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.training import EpochDone
from gui.theme import SMALL, Theme, font


class LossCurve(QWidget):
    """One point an epoch. Axes are labelled; the best epoch so far is ringed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._plot = pg.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(False, False)
        self._plot.hideButtons()
        for side, words in (("bottom", "epoch"), ("left", "loss")):
            axis = self._plot.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setLabel(words)
            axis.setTickFont(font(SMALL))
        self._plot.getAxis("bottom").setTickSpacing(1, 1)
        self._plot.setLimits(yMin=0)
        self._legend = self._plot.addLegend(offset=(-8, 8))
        self._train = self._plot.plot(name="training", symbol="s", symbolSize=6)
        self._validation = self._plot.plot(name="validation", symbol="o", symbolSize=7)
        self._best = self._plot.plot(pen=None, symbol="o", symbolSize=14, symbolBrush=None)
        self._epochs: list[EpochDone] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot)
        self.setMinimumHeight(200)
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
        """One epoch more."""
        self._epochs.append(epoch)
        self._draw()

    def _draw(self) -> None:
        done = self._epochs
        self._train.setData([e.epoch for e in done], [e.train_loss for e in done])
        judged = [(e.epoch, e.validation_loss) for e in done if e.validation_loss is not None]
        self._validation.setData([e for e, _ in judged], [v for _, v in judged])
        best = [(e.epoch, e.validation_loss) for e in done if e.best and e.validation_loss is not None][-1:]
        self._best.setData([e for e, _ in best], [v for _, v in best])
        if done:
            self._plot.setXRange(min(e.epoch for e in done), max(2, done[-1].epochs), padding=0.02)

    def _dress(self) -> None:
        colours = self._theme.colours
        self._plot.setBackground(colours.sunken)
        for side in ("bottom", "left"):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.muted))
        self._legend.setLabelTextColor(colours.text)
        self._train.setPen(pg.mkPen(colours.muted, width=2, style=Qt.PenStyle.DashLine))
        self._validation.setPen(pg.mkPen(colours.accent, width=2))
        for curve, colour in ((self._train, colours.muted), (self._validation, colours.accent)):
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(None)
        self._best.setSymbolPen(pg.mkPen(colours.text, width=2))
