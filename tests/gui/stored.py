"""A real database, archive and context with stored parts, for the pages that look back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from db.images.archive import Archive
from db.inspections.table import NewInspection, add
from db.models.registry import ModelVersion, activate, register
from db.store.session import open_database
from engine.domain.inspection import (
    FrameRef,
    Inspection,
    ModelRef,
    Origin,
    Outcome,
    RecipeRef,
    Region,
    Scores,
    Times,
    Traveller,
    Verdict,
    new_id,
    utc_now,
)
from engine.packages.package import open_package
from engine.recipes.file import default_recipe
from engine.settings import StationSettings
from gui.context import AppContext
from gui.notify import Notice
from gui.page import Page
from gui.theme.theme import Theme, font, set_scale, stylesheet
from tests.packages import write_tiny_package

SIZE = (48, 64)
REGIONS = (
    Region("scratch", 0.9, (10, 10, 12, 6), 60.0, ((10, 10), (22, 10), (22, 16), (10, 16))),
    Region("scratch", 0.7, (40, 20, 8, 8), 50.0, ((40, 20), (48, 20), (48, 28), (40, 28))),
)

UNKNOWN_RECIPE = RecipeRef("default", 1, "0")


class Bench:
    """A context on a database of its own, with the tiny model active. `notices` keeps what was told."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self._pages: list[QWidget] = []
        self.db = open_database(folder / "lineside.db")
        self.archive = Archive(self.db.archive_folder)
        settings = StationSettings(schema_version=1, operator="anna")
        self.context = AppContext(self.db, self.archive, settings, Theme())
        self.model = self.register(folder / "package", "scratch")
        activate(self.db, self.model.version, "anna")
        self.context.package = open_package(self.model.folder)
        self.context.recipe = default_recipe(self.context.package)
        self.notices: list[Notice] = []
        self.context.notice.connect(self.notices.append)

    def register(self, folder: Path, defect: str, review: float = 0.1) -> ModelVersion:
        """One version more; another defect class makes another version."""
        return register(self.db, write_tiny_package(folder, defect=defect, review=review).folder, "anna")

    def parts(
        self, *outcomes: Outcome, archived: bool = True, recipe: RecipeRef = UNKNOWN_RECIPE, product: str = ""
    ) -> list[Inspection]:
        """Store one part for each outcome, the first the oldest, each with its picture and heat map."""
        made = [self._inspection(i, outcome, recipe) for i, outcome in enumerate(outcomes)]
        made = [replace(part, traveller=replace(part.traveller, product=product)) for part in made]
        rows = []
        for number, part in enumerate(made):
            shown = self.picture(40 + number % 200)
            paths = self.archive.save(part.id, part.frame.captured_at, *shown) if archived else (None, None)
            rows.append(NewInspection(part, *paths))
        add(self.db, rows)
        return made

    def picture(self, grey: int = 40) -> tuple[np.ndarray, np.ndarray]:
        """The picture of a part, and a map with one hot place."""
        heat = np.zeros((12, 16), np.float32)
        heat[3, 3] = 0.9
        return np.full(SIZE, grey, np.uint8), heat

    def many(self, count: int) -> None:
        """Store many OK parts without pictures, in large transactions."""
        for start in range(0, count, 5000):
            chunk = range(start, min(start + 5000, count))
            add(self.db, [NewInspection(self._inspection(i, Outcome.OK)) for i in chunk])

    def said(self) -> str:
        """All notices so far."""
        return " ".join(f"{n.message} {n.remedy}" for n in self.notices)

    def idle(self) -> None:
        """Wait until no job is under way."""
        self.qtbot.waitUntil(lambda: self.context.jobs.busy == 0, timeout=30_000)

    def show(self, page: QWidget) -> None:
        """Put a page on screen; it is taken down by `close`, after its jobs."""
        self._pages.append(page)
        page.resize(1200, 680)
        page.show()
        cast(Page, page).activated()

    def close(self) -> None:
        """As the application does it: pages let go, jobs end, then widgets and database go."""
        for page in self._pages:
            cast(Page, page).close_page()
        assert self.context.jobs.shutdown(120.0)
        for page in self._pages:
            page.close()
            page.deleteLater()
        self.db.close()

    def _inspection(self, number: int, outcome: Outcome, recipe: RecipeRef = UNKNOWN_RECIPE) -> Inspection:
        at = utc_now() - timedelta(minutes=60) + timedelta(milliseconds=100 * number)
        score = {Outcome.OK: 0.1, Outcome.NG: 0.9, Outcome.REVIEW: 0.5, Outcome.NO_VERDICT: 0.0}[outcome]
        label = {Outcome.OK: "ok", Outcome.NO_VERDICT: ""}.get(outcome, "scratch")
        return Inspection(
            id=new_id(at),
            frame=FrameRef("demo:", number, at, "", *SIZE),
            scores=Scores(("ok", "scratch"), (1 - score, score)),
            regions=REGIONS if outcome is Outcome.NG else (),
            verdict=Verdict(outcome, label, score, (f"scratch {score:.2f}",)),
            model=ModelRef(self.model.name, self.model.version),
            recipe=recipe,
            traveller=Traveller("L1", "", "anna", "Station 1", origin=Origin.PRODUCTION),
            times=Times(at, 1.0, 5.0, 10.0),
        )


def dress(scale: float) -> None:
    """Give the application the window's own look at this size of type: a page by itself is narrower without it."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    set_scale(scale)
    application.setFont(font())
    application.setStyleSheet(stylesheet("dark", touch=False))


def press(page: Page, *keys: str) -> None:
    """Do what these keys are bound to."""
    bound = page.keys()
    acts: dict[str, Callable[[], object]] = {b.sequence: b.act for b in bound}
    for key in keys:
        acts[key]()
