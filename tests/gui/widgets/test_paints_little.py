"""The line goes first: what nobody would see anew is not painted anew, and what is painted is what it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.domain.inspection import (
    FrameRef,
    Inspection,
    ModelRef,
    Outcome,
    RecipeRef,
    Scores,
    Times,
    Traveller,
    Verdict,
)
from engine.images.overlay import heat_rgba
from gui.theme.theme import Theme
from gui.widgets.pictures.filmstrip import FilmStrip
from gui.widgets.pictures.image_view import ImageView
from gui.widgets.verdict_banner import VerdictBanner

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
SMALL = np.full((64, 80), 120, np.uint8)


class Stage(QWidget):
    """A widget in a window, and beside it a line that tells when the window was painted."""

    def __init__(self, qtbot: QtBot, shown: QWidget) -> None:
        super().__init__()
        self._qtbot, self.shown, self._fence = qtbot, shown, QWidget()
        self._fence.setFixedHeight(2)
        layout = QVBoxLayout(self)
        layout.addWidget(shown)
        layout.addWidget(self._fence)
        self.paints: list[QObject] = []
        for widget in (shown, self._fence):
            widget.installEventFilter(self)
        qtbot.addWidget(self)
        self.resize(720, 320)
        self.show()
        qtbot.waitExposed(self)
        self.paints_after(lambda: None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.paints.append(watched)
        return super().eventFilter(watched, event)

    def paints_after(self, act: Callable[[], object]) -> bool:
        """Whether the widget is painted because of it."""
        self.paints.clear()
        act()
        self._fence.update()
        self._qtbot.waitUntil(lambda: self._fence in self.paints)
        return self.shown in self.paints


def inspection(number: int, outcome: Outcome) -> Inspection:
    return Inspection(
        f"i{number}", FrameRef("demo:", number, NOW), Scores(("ok", "pit"), (0.1, 0.9)), (),
        Verdict(outcome, "pit", 0.9, ("pit 0.90 ≥ 0.50",)), ModelRef("m", "v"), RecipeRef("r", 1, "d"), Traveller(),
        Times(NOW),
    )  # fmt: skip


def test_a_part_the_film_strip_does_not_show_paints_nothing(qtbot: QtBot) -> None:
    film = FilmStrip(Theme("dark"))
    stage = Stage(qtbot, film)
    assert stage.paints_after(lambda: film.add(inspection(1, Outcome.NG), SMALL))
    assert not stage.paints_after(lambda: film.add(inspection(2, Outcome.OK), None))
    assert stage.paints_after(lambda: film.show_every(True))
    assert stage.paints_after(lambda: film.add(inspection(3, Outcome.OK), None))
    assert stage.paints_after(lambda: film.select("i1"))
    assert not stage.paints_after(lambda: film.add(inspection(4, Outcome.NG), SMALL))
    assert stage.paints_after(lambda: film.select(""))
    assert [p.inspection.id for p in film.parts] == ["i4", "i3", "i2", "i1"]


def test_a_cell_is_drawn_once_and_then_moved(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    theme = Theme("dark")
    film, drawn = FilmStrip(theme), []
    stage, cell = Stage(qtbot, film), FilmStrip._cell

    def counted(strip: FilmStrip, part: object, ratio: float, *, chosen: bool) -> object:
        drawn.append(part)
        return cell(strip, part, ratio, chosen=chosen)  # type: ignore[arg-type]

    monkeypatch.setattr(FilmStrip, "_cell", counted)
    for number in range(1, 5):
        stage.paints_after(lambda n=number: film.add(inspection(n, Outcome.NG), SMALL))
    assert len(drawn) == 4
    stage.paints_after(lambda: film.select("i2"))
    assert len(drawn) == 5, "the one that is looked at has another frame"
    stage.paints_after(lambda: film.mark("i3", Outcome.OK))
    assert len(drawn) == 6, "and one that was overruled another caption"
    stage.paints_after(lambda: theme.choose("light"))
    assert len(drawn) == 10, "all of them in other colours"


def test_what_is_kept_of_a_cell_looks_as_if_it_was_drawn_anew(qtbot: QtBot) -> None:
    film, fresh = FilmStrip(Theme("dark")), FilmStrip(Theme("dark"))
    moved, anew = Stage(qtbot, film), Stage(qtbot, fresh)
    pictures = [np.full((64, 80), 40 * number, np.uint8) for number in range(1, 5)]
    for number, picture in enumerate(pictures):
        moved.paints_after(lambda n=number, p=picture: film.add(inspection(n, Outcome.NG), p))
        fresh.add(inspection(number, Outcome.NG), picture)
    anew.paints_after(lambda: None)
    assert film.grab().toImage() == fresh.grab().toImage()


def test_the_same_verdict_again_is_not_painted_again(qtbot: QtBot) -> None:
    banner = VerdictBanner(Theme("dark"))
    stage = Stage(qtbot, banner)
    assert stage.paints_after(lambda: banner.set_verdict(Verdict(Outcome.OK, "ok", 0.01, ("0.01 < 0.50",))))
    assert not stage.paints_after(lambda: banner.set_verdict(Verdict(Outcome.OK, "ok", 0.01, ("0.01 < 0.50",))))
    assert stage.paints_after(lambda: banner.set_verdict(Verdict(Outcome.OK, "ok", 0.02, ("0.02 < 0.50",))))
    assert banner.reason == "0.02 < 0.50"


def test_a_map_that_is_clear_all_over_lies_over_the_picture_and_shows_nothing(qtbot: QtBot) -> None:
    view = ImageView(Theme("dark"))
    stage = Stage(qtbot, view)
    view.set_picture(np.full((256, 320), 90, np.uint8))
    bare = view.grab().toImage()
    view.set_overlay(heat_rgba(np.zeros((32, 40), np.float32)))
    assert view.overlaid
    assert view.grab().toImage() == bare
    hot = np.zeros((32, 40), np.float32)
    hot[16, 20] = 1.0
    view.set_overlay(heat_rgba(hot))
    assert view.grab().toImage() != bare and stage.isVisible()
