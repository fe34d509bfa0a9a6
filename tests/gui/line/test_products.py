"""One answer to what judges now, through restart, roll-back and change-over; by the scanner and the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from db.datasets.export import waiting
from db.inspections.overrides import add_override
from db.inspections.table import NewInspection, add
from db.models.choose import judge_of, put_in_force
from db.models.registry import activate, activations, active, register
from db.models.standing import marks
from db.products.acts import make_product, rename, retire
from db.products.shelf import find
from db.store.session import Database, open_database
from engine.domain.inspection import Inspection, Outcome
from engine.system.places import database_url, home
from gui.app import GuiOptions, Station, compose, shut_down
from gui.line.outside import Outside
from gui.pages.models.page import ModelsPage
from gui.users.why_dialog import WhyDialog
from main import main
from tests.db import make
from tests.gui.standins import ScriptedSource, make_package, press, scan

PATIENCE = 60_000
Key = Qt.Key


@pytest.fixture
def versions(tmp_path: Path, lineside_home: Path) -> tuple[str, str]:
    """Two models of the station's one product, `castings`; the second is active."""
    packages = [make_package(tmp_path / name, name) for name in ("first", "second")]
    with stored() as db:
        product = make_product(db, "castings", "anna")
        for package in packages:
            activate(db, register(db, package.folder, "anna").version, "anna", product=product.id)
    return packages[0].version, packages[1].version


@contextmanager
def stored() -> Iterator[Database]:
    """The station's database, before or after its window."""
    db = open_database(database_url())
    try:
        yield db
    finally:
        db.close()


def recipe(name: str, **keys: str) -> Path:
    """A recipe of the station."""
    path = home() / "recipes" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["schema = 1", *(f'{key} = "{value}"' for key, value in {"name": name, **keys}.items())]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


class Watched:
    """A window whose line runs, and every part it judged."""

    def __init__(self, qtbot: QtBot, options: GuiOptions) -> None:
        self.qtbot = qtbot
        self.station: Station = compose(options)
        self.parts: list[Inspection] = []
        self.open = True
        self.station.window.show()
        qtbot.waitExposed(self.station.window)
        self.station.bridge.start()
        self.station.context.recorded.connect(self.parts.extend)
        self.station.line.start()

    def close(self) -> None:
        """As whoever closes the window does."""
        if self.open:
            self.open = False
            shut_down(self.station)

    def until(self, so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(so, timeout=PATIENCE)

    def judged_by(self, recipe: str, model: str, product: str) -> bool:
        """Whether the last part was, and every page is told the same."""
        context = self.station.context
        if not self.parts or context.package is None or context.recipe is None:
            return False
        last, now = self.parts[-1], active(context.db, context.product.id)
        said = {(last.recipe.name, last.model.version, last.traveller.product)}
        said.add((context.recipe.name, context.package.version, context.product.name))
        said.add((recipe, now.version if now is not None else "", product))
        return said == {(recipe, model, product)}

    def models_page(self) -> ModelsPage:
        self.station.window.go("models")
        self.until(lambda: self.station.context.jobs.busy == 0)
        page = self.station.window.findChild(ModelsPage)
        assert isinstance(page, ModelsPage)
        return page

    def decide(self, page: ModelsPage, why: str) -> None:
        """Type a reason into the dialog that comes, and press Enter."""
        self.until(lambda: any(d.isVisible() for d in page.findChildren(WhyDialog)))
        dialog = next(d for d in page.findChildren(WhyDialog) if d.isVisible())
        self.qtbot.keyClicks(dialog.why, why)
        self.qtbot.keyClick(dialog.why, Key.Key_Return)


Watch = Callable[[], Watched]


@pytest.fixture
def watch(qtbot: QtBot, options: GuiOptions) -> Iterator[Watch]:
    """Open a window on the station; again after the one before was closed."""
    opened: list[Watched] = []
    wanted = replace(options, model="", open=lambda _uri: ScriptedSource(100_000, every=0.01))

    def make() -> Watched:
        opened.append(Watched(qtbot, wanted))
        return opened[-1]

    yield make
    for line in opened:
        line.close()


def test_a_recipe_bound_to_a_model_that_was_not_active_judges_after_the_restart_as_before(
    watch: Watch, versions: tuple[str, str]
) -> None:
    bound = recipe("bound", model=versions[0], code="RC-1")
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    scan(line.station, "RC-1")
    line.until(lambda: line.judged_by("bound", versions[0], "castings"))
    line.close()
    again = watch()
    again.until(lambda: again.judged_by("bound", versions[0], "castings"))
    assert again.station.line.state == "Running"
    assert again.station.context.product.recipe == bound


def test_rolling_back_is_refused_while_the_recipe_in_force_is_of_one_model(
    watch: Watch, versions: tuple[str, str]
) -> None:
    recipe("bound", model=versions[1], code="RC-1")
    recipe("loose", code="RC-2")
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    scan(line.station, "RC-1")
    line.until(lambda: line.judged_by("bound", versions[1], "castings"))
    page = line.models_page()
    press(line.station, Key.Key_Z)
    line.decide(page, "too many rejects")
    notices = line.station.window.notices
    line.until(lambda: any("was made for model" in notice.message for notice in notices.notices))
    assert line.judged_by("bound", versions[1], "castings")
    line.station.window.go("live")
    scan(line.station, "RC-2")
    line.until(lambda: line.judged_by("loose", versions[1], "castings"))
    page = line.models_page()
    press(line.station, Key.Key_Z)
    line.decide(page, "too many rejects")
    line.until(lambda: line.judged_by("loose", versions[0], "castings"))


def test_a_recipe_whose_model_is_not_here_changes_nothing(watch: Watch, versions: tuple[str, str]) -> None:
    recipe("foreign", model="0123456789ab", code="RC-1")
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    scan(line.station, "RC-1")
    notices = line.station.window.notices
    line.until(lambda: any("not registered here" in notice.message for notice in notices.notices))
    seen = len(line.parts)
    line.until(lambda: len(line.parts) > seen + 3)
    assert line.judged_by("default", versions[1], "castings")
    assert line.station.context.product.recipe is None


def test_a_scanned_recipe_changes_over_to_its_product_and_its_model_also_after_a_rename(
    watch: Watch, versions: tuple[str, str]
) -> None:
    with stored() as db:
        strip = make_product(db, "strip", "anna")
        activate(db, versions[0], "anna", product=strip.id)
        rename(db, "strip", "tape", "anna")
    recipe("of strip", product="strip", code="RC-1")
    recipe("of castings", code="RC-2")
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    scan(line.station, "RC-1")
    line.until(lambda: line.judged_by("of strip", versions[0], "tape"))
    assert {p.model.version for p in line.parts if p.traveller.product == "castings"} == {versions[1]}
    line.close()
    again = watch()
    again.until(lambda: again.judged_by("of strip", versions[0], "tape"))
    scan(again.station, "RC-2")
    again.until(lambda: again.judged_by("of castings", versions[1], "castings"))


def test_teaching_begins_with_the_corrections_of_the_product_that_is_inspected(
    watch: Watch, versions: tuple[str, str]
) -> None:
    with stored() as db:
        strip = make_product(db, "strip", "anna")
        activate(db, versions[0], "anna", product=strip.id)
        for number, product in enumerate(("castings", "castings", "strip")):
            part = make.inspection(number)
            part = replace(part, traveller=replace(part.traveller, product=product))
            add(db, [NewInspection(part, pixels_sha256=str(number) * 64)])
            add_override(db, make.override(part, Outcome.NG, f"{product} dent"))
        assert waiting(db) == 3
    recipe("of strip", product="strip", code="RC-1")
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    scan(line.station, "RC-1")
    line.until(lambda: line.judged_by("of strip", versions[0], "strip"))
    page = line.models_page()
    line.until(lambda: page.teach_button.text().startswith("1 correction"))
    press(line.station, Key.Key_T)
    plan = page.teaching.view.plan
    line.until(lambda: plan.fact("kept") == "1: 1 strip dent")
    assert plan.fact("parent").endswith(versions[0])


def told(line: Watched, *words: str) -> bool:
    """Whether one notice has all of them."""
    return any(all(word in notice.message for word in words) for notice in line.station.window.notices.notices)


def test_a_model_activated_outside_of_the_window_judges_there_too_and_is_told_with_who_did_it(
    watch: Watch, versions: tuple[str, str]
) -> None:
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    assert main(["models", "activate", versions[0], "--operator", "bea"]) == 0
    line.until(lambda: line.judged_by("default", versions[0], "castings"))
    assert told(line, versions[0], "outside of this window, by bea")
    assert main(["models", "rollback"]) == 0
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    assert told(line, versions[1], "by somebody without a name")
    assert [a.by for a in activations(line.station.context.db)] == ["anna", "anna", "bea", ""]


def test_a_recipe_put_in_force_outside_of_the_window_judges_there_too_with_its_model(
    watch: Watch, versions: tuple[str, str]
) -> None:
    bound = recipe("bound", model=versions[0])
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    with stored() as db:
        put_in_force(db, judge_of(db, find(db, "castings"), str(bound)), "bea")
    line.until(lambda: line.judged_by("bound", versions[0], "castings"))
    assert told(line, "recipe", "outside of this window, by bea")


def test_a_model_activated_outside_that_fails_its_proof_is_the_active_one_for_nobody(
    watch: Watch, versions: tuple[str, str]
) -> None:
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    with stored() as db:
        model = activate(db, versions[0], "bea")
    next(path for path in model.folder.iterdir() if path.suffix == ".onnx").write_bytes(b"rot")
    line.until(lambda: told(line, "damaged"))
    seen = len(line.parts)
    line.until(lambda: len(line.parts) > seen + 3)
    assert line.judged_by("default", versions[1], "castings")
    last = activations(line.station.context.db)[-1]
    assert (last.version, last.by, last.rollback) == (versions[1], "lineside", True)


def test_a_product_renamed_or_retired_outside_of_the_window_is_told_there(
    watch: Watch, versions: tuple[str, str]
) -> None:
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    with stored() as db:
        make_product(db, "strip", "bea")
        rename(db, "castings", "impellers", "bea")
    line.until(lambda: line.judged_by("default", versions[1], "impellers"))
    with stored() as db:
        retire(db, "impellers", "bea")
    line.until(lambda: told(line, "impellers was retired outside of this window"))


def test_what_the_window_decides_itself_is_not_told_as_from_outside(watch: Watch, versions: tuple[str, str]) -> None:
    recipe("loose", code="RC-2")
    line = watch()
    line.until(lambda: line.judged_by("default", versions[1], "castings"))
    scan(line.station, "RC-2")
    line.until(lambda: line.judged_by("loose", versions[1], "castings"))
    page = line.models_page()
    press(line.station, Key.Key_Z)
    line.decide(page, "too many rejects")
    line.until(lambda: line.judged_by("loose", versions[0], "castings"))
    outside = line.station.context.findChild(Outside)
    assert isinstance(outside, Outside)
    line.until(lambda: outside.heard == marks(line.station.context.db))
    assert not told(line, "outside")
