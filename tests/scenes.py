"""The same station every time: parts, verdicts, corrections and times that never change, for pictures of the window.

The manual's pictures (`make screenshots`) are made from it, and a test compares the window with them: so no time of
day, no inference of this machine's own and no random id may show in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from db.inspections.overrides import add_override
from db.inspections.table import NewInspection, add
from db.models.registry import activate, active, list_models, register
from db.recipes import shelf as recipes
from db.store.session import Database, open_database
from engine.domain.inspection import (
    Frame,
    FrameRef,
    Inspection,
    ModelRef,
    Origin,
    Outcome,
    Override,
    Pixels,
    Prediction,
    Region,
    Scores,
    Times,
    Traveller,
    Truth,
    new_id,
)
from engine.domain.recipe import WHOLE, View
from engine.errors import FrameTimeout
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe
from engine.sources.demo import PartMaker
from engine.sources.demo.line import DemoSettings, DemoSource
from engine.system.places import database_url, demo_package, shipped_packages
from engine.verdicts.verdict import decide

SEED, RATE = 7, 0.2
FIRST = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
"""A Monday morning; the clock of this machine is never asked."""
EVERY = timedelta(seconds=97)
PARTS = 360
PICTURES = 72
"""So many of the newest have a picture."""
STATION = "Station 1"
PEOPLE = ("Ana", "Ben")
MM_PER_PX = 0.08


class TruthfulModel:
    """Judges the demo line's parts in their order by what is true of them, wrong now and then; needs no inference."""

    def __init__(self, package: ModelPackage, start: int = 0) -> None:
        self._package, self._maker, self._at = package, PartMaker(SEED, defect_rate=RATE), start

    @property
    def ref(self) -> ModelRef:
        return self._package.ref

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        part = self._maker.part(self._at)
        self._at += 1
        return prediction(self._package, part.truth, self._at)

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        for pixels in pictures:
            yield self.run(pixels, view)

    def close(self) -> None:
        """Nothing is held."""


class Line(DemoSource):
    """The demo line as fast as it is read, standing still after `count` parts; as a camera, whose parts count."""

    NAME = "gige:GV-5200"

    def __init__(self, count: int) -> None:
        super().__init__(DemoSettings(seed=SEED, fps=0, defect_rate=RATE))
        self._left = count

    @property
    def uri(self) -> str:
        return self.NAME

    @property
    def description(self) -> str:
        return "demo 1280×1024 30 fps"

    def read(self, timeout: float) -> Frame:
        if self._left <= 0:
            time.sleep(min(timeout, 0.05))
            raise FrameTimeout("No frame came in time.")
        self._left -= 1
        return super().read(timeout)


def prediction(package: ModelPackage, truth: Truth, number: int) -> Prediction:
    """What a good model says of a part with this truth; every 23rd defect is missed, every 41st sound part doubted."""
    names = package.manifest.class_names
    sound = package.manifest.ok_classes[0]
    seen = truth.label if truth.label in names else names[-1]
    level = 0.97 - (number * 37 % 100) / 1200
    if truth.mask is None or number % 23 == 0:
        seen, level = sound, 0.98 - (number * 53 % 100) / 4000
    rest = (1 - level) / (len(names) - 1)
    if number % 41 == 0 and seen == sound:
        level, rest = 0.82, 0.18 / (len(names) - 1)
    scores = tuple(level if name == seen else rest for name in names)
    regions, heat = _shown(truth, seen, level) if seen != sound else ((), np.zeros((64, 80), np.float32))
    return Prediction(Scores(names, scores), regions, heat, package.ref, 0.4, 8.2)


def _shown(truth: Truth, label: str, score: float) -> tuple[tuple[Region, ...], np.ndarray]:
    mask = np.asarray(truth.mask, np.uint8)
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    regions = []
    for contour in sorted(found, key=cv2.contourArea, reverse=True)[:3]:
        x, y, w, h = (int(v) for v in cv2.boundingRect(contour))
        points = tuple((int(px), int(py)) for px, py in contour[:, 0])
        regions.append(Region(label, score, (x, y, w, h), max(1.0, float(cv2.contourArea(contour))), points))
    wide = cv2.GaussianBlur((mask > 0).astype(np.float32), (0, 0), 9)
    heat = cv2.resize(wide, (80, 64), interpolation=cv2.INTER_AREA)
    return tuple(regions), np.clip(heat / max(1e-6, float(heat.max())) * score, 0, 1).astype(np.float32)


def settings_json() -> dict[str, object]:
    """The station's settings: English, nobody's first time, a known operator."""
    return {
        "schema_version": 1,
        "station": STATION,
        "operator": PEOPLE[0],
        "operators": list(PEOPLE),
        "language": "en",
        "first_run": False,
    }


def fill(folder: Path) -> Database:
    """Two models, a week's start of parts, corrections; opened, ready to be shown."""
    folder.mkdir(parents=True, exist_ok=True)
    database = open_database(database_url(folder))
    for package in shipped_packages():
        register(database, package, PEOPLE[0])
    if active(database) is None:
        activate(database, register(database, demo_package(), PEOPLE[0]).version, PEOPLE[0], "first start")
    assert len(list_models(database)) == len(shipped_packages())
    package = open_package(demo_package())
    made = _parts(database, package)
    recipe = replace(default_recipe(package), name="bracket", code="R-2207", view=View(roi=(120, 96, 1040, 832)))
    recipe = replace(recipe, limits=replace(recipe.limits, mm_per_px=MM_PER_PX))
    recipes.save(database, folder / "recipes" / "bracket.toml", recipe, PEOPLE[0], "first recipe")
    for number, (part, truth) in enumerate(made):
        wrong = (part.verdict.outcome is Outcome.OK) != (truth == "ok")
        if wrong or number % 12 == 5:
            at = part.times.inspected_at + timedelta(hours=3)
            outcome = Outcome.OK if truth == "ok" else Outcome.NG
            said = Override(new_id(at), part.id, at, PEOPLE[number % 2], outcome, truth, "seen at the bench" * wrong)
            add_override(database, said)
    return database


def _parts(database: Database, package: ModelPackage) -> list[tuple[Inspection, str]]:
    maker, recipe = PartMaker(SEED, defect_rate=RATE), default_recipe(package)
    made, rows = [], []
    for number in range(PARTS):
        at = FIRST + number * EVERY
        # Only the truth of the earlier ones is needed; making the part is what takes the time.
        part = maker.part(number % PICTURES)
        said = prediction(package, part.truth, number)
        verdict = decide(said, recipe)
        inspection = Inspection(
            id=new_id(at),
            frame=FrameRef("demo:", number, at, "", *part.pixels.shape[:2], truth=part.truth.label),
            scores=said.scores,
            regions=said.regions,
            verdict=verdict,
            model=package.ref,
            recipe=recipe.ref,
            traveller=Traveller(
                f"L-22{number // 90 + 4:02d}", "", PEOPLE[number // 180 % 2], STATION, origin=Origin.PRODUCTION
            ),
            times=Times(at + timedelta(milliseconds=12), 0.4, 8.2, 9.6),
        )
        kept = number >= PARTS - PICTURES
        paths = database.archive.save(inspection.id, at, part.pixels, said.heat) if kept else (None, None)
        rows.append(NewInspection(inspection, *paths, threshold=recipe.limits.ng_at))
        made.append((inspection, part.truth.label))
    add(database, rows)
    return made


def incoming(folder: Path, count: int = 60) -> Path:
    """A folder of pictures in sub-folders named after what they show, for a scan."""
    maker = PartMaker(9, defect_rate=0.5)
    for index in range(count):
        part = maker.part(index)
        place = folder / part.truth.label
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{index:03d}.png"), part.pixels)
    return folder
