"""The stations on which the tasks are done: two products, each with a model of its own, and pictures for the line."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import cv2

from db.models.registry import activate, register
from db.products.acts import make_product
from db.store.session import Database, open_database
from engine.names import name_of
from engine.sources.demo import PartMaker
from engine.system.places import database_url, demo_package, shipped_packages
from tests.e2e.fake_trainer import write as write_trainer
from tests.frames import biscuit

PLATES, BRACKETS = "Plates", "Brackets"
BRACKET_RECIPE, BRACKET_CODE = "Bracket tight", "RC-4471"
DEMO = "demo:?seed=7&fps=8&defect_rate=0.3"


def make_station(home: Path, *, brackets: bool = True, **settings: object) -> None:
    """Plates are judged by one shipped model, brackets by the other; plates were inspected last."""
    home.mkdir()
    kept = {
        "schema_version": 1,
        "station": "Line 3",
        "operator": "Ana",
        "operators": ["Ana"],
        "language": "en",
        "first_run": False,
        "source": DEMO,
        "product": PLATES,
        "trainer": str(write_trainer(home.parent / "teacher")),
    }
    (home / "settings.json").write_text(json.dumps(kept | settings), encoding="utf-8")
    with closing(open_database(database_url(home))) as db:
        _fill(db)
        if brackets:
            _add_brackets(db, home)


def _fill(db: Database) -> None:
    version = register(db, demo_package(), "Eva").version
    activate(db, version, "Eva", "first start", make_product(db, PLATES, "Eva").id)


def _add_brackets(db: Database, home: Path) -> None:
    plate = demo_package()
    version = register(db, next(p for p in shipped_packages() if p != plate), "Eva").version
    activate(db, version, "Eva", "first start", make_product(db, BRACKETS, "Eva").id)
    folder = home / "recipes"
    folder.mkdir()
    lines = ("schema = 1", "version = 1", f'name = "{BRACKET_RECIPE}"', f'product = "{BRACKETS}"')
    text = "\n".join((*lines, f'code = "{BRACKET_CODE}"', "[limits]", "ng_at = 0.6", ""))
    (folder / "bracket-tight.toml").write_text(text, encoding="utf-8")


def plates(folder: Path, count: int) -> Path:
    """Pictures of plates, three of ten with a defect."""
    folder.mkdir(parents=True)
    maker = PartMaker(11, defect_rate=0.3)
    for number in range(count):
        cv2.imwrite(str(folder / f"plate{number:03d}.png"), maker.part(number).pixels)
    return folder


def biscuits(folder: Path, count: int) -> Path:
    """Pictures of a product that no model here was taught."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        # Whole at once, as a camera program that renames what it has written.
        cv2.imwrite(str(folder / f"biscuit{number:03d}.tmp.png"), biscuit(number))
        (folder / f"biscuit{number:03d}.tmp.png").rename(folder / f"biscuit{number:03d}.png")
    return folder


def watched(folder: Path) -> str:
    """A line that is fed by files: what lies in the folder, and what comes into it."""
    return f"watch:{name_of(folder)}?existing=yes"
