"""Several products on one station: the change-over on Live, the start after a restart, and what judges in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from db.inspections.table import Filter, count
from db.models.registry import activate, active, register
from db.products.acts import make_product, rename, retire
from db.products.shelf import find
from engine.domain.inspection import Inspection
from gui.app import Station
from gui.pages.models.page import ModelsPage
from gui.pages.recipes.page import RecipesPage
from gui.users.why_dialog import WhyDialog
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedSource, live_page, loader, make_package, press, scan

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
PATIENCE = 20_000


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tone."""
    monkeypatch.setattr("gui.line.sounds.Sounds.alarm", lambda _self: None)


@dataclass
class Two:
    """A window on a station of two products, each with a model of its own."""

    station: Station
    seen: list[Inspection]
    first: str
    second: str

    def told(self) -> str:
        return " ".join(f"{n.message} {n.remedy}" for n in self.station.window.notices.notices)


def recipe(station: Station, name: str, **keys: str) -> Path:
    path = station.context.folder / "recipes" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f'{key} = "{value}"' for key, value in {"name": name, **keys}.items()]
    path.write_text("\n".join(["schema = 1", "version = 3", *lines, "[limits]", "ng_at = 0.8"]))
    return path


@pytest.fixture
def two(opened: Open, tmp_path: Path) -> Two:
    """*package*, called like its model, and *bracket 12*; the line runs on the first."""
    station = opened(model="", load=loader("review"), open=lambda _uri: ScriptedSource(30_000, every=0.01))
    db = station.context.db
    versions = []
    for name in ("plates", "brackets"):
        versions.append(register(db, make_package(tmp_path / name, name).folder, "ana").version)
    other = make_product(db, "bracket 12", "ana")
    activate(db, versions[0], "ana", "", station.context.product.id)
    activate(db, versions[1], "ana", "", other.id)
    recipe(station, "Plate")
    recipe(station, "Tight", product="bracket 12", code="RC-12")
    made = Two(station, [], versions[0], versions[1])
    station.context.recorded.connect(made.seen.extend)
    return made


def menu_of(qtbot: QtBot, station: Station) -> QMenu:
    """Ctrl+R, and the menu is open."""
    press(station, Key.Key_R, CTRL)
    change = live_page(station).change
    qtbot.waitUntil(lambda: change.menu is not None, timeout=PATIENCE)
    assert change.menu is not None
    return change.menu


def words(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def take(qtbot: QtBot, menu: QMenu, *path: str) -> None:
    """Go to the entry by the arrow keys, into the menus below, and press Enter."""
    for depth, word in enumerate(path):
        action = next(a for a in menu.actions() if a.text() == word)
        for _ in menu.actions():
            if menu.activeAction() is action:
                break
            QTest.keyClick(menu, Key.Key_Down)
        assert menu.activeAction() is action
        below = action.menu()
        QTest.keyClick(menu, Key.Key_Right if depth < len(path) - 1 else Key.Key_Return)
        if isinstance(below, QMenu):
            assert below.isVisible()
            menu = below


def test_the_shift_s_counts_are_of_the_product_that_is_inspected(qtbot: QtBot, two: Two) -> None:
    station = two.station
    page, first = live_page(station), station.context.product.name

    def counted(product: str) -> None:
        """What Live counts is what is on record of this product, as Reports counts it."""
        stored = count(station.context.db, Filter(origin=station.line.origin, products=frozenset({product})))
        assert stored > 0
        qtbot.waitUntil(lambda: page.counters.counts.total == stored, timeout=PATIENCE)

    station.line.start()
    qtbot.waitUntil(lambda: len(two.seen) >= 3, timeout=PATIENCE)
    take(qtbot, menu_of(qtbot, station), "bracket 12", "Tight, version 3")
    qtbot.waitUntil(lambda: two.seen[-1].traveller.product == "bracket 12", timeout=PATIENCE)
    with qtbot.waitSignal(station.line.finished, timeout=PATIENCE):
        press(station, Key.Key_Space, CTRL)
    counted("bracket 12")
    take(qtbot, menu_of(qtbot, station), first, "The model's own limits")
    qtbot.waitUntil(lambda: page.strip.product.full == first, timeout=PATIENCE)
    counted(first)
    both = count(station.context.db, Filter(origin=station.line.origin))
    assert page.counters.counts.total < both


def test_change_over_to_a_second_product_and_back(qtbot: QtBot, two: Two) -> None:
    station = two.station
    page, status = live_page(station), station.window.status
    first = station.context.product.name
    assert page.strip.product.full == first
    station.line.start()
    qtbot.waitUntil(lambda: bool(two.seen), timeout=PATIENCE)
    assert two.seen[-1].traveller.product == first
    menu = menu_of(qtbot, station)
    assert words(menu) == [
        *(first, "The model's own limits", "Plate, version 3"),
        *("Another product", "bracket 12", "Make and change recipes…"),
    ]
    take(qtbot, menu, "bracket 12", "Tight, version 3")
    qtbot.waitUntil(lambda: two.seen[-1].traveller.product == "bracket 12", timeout=PATIENCE)
    assert two.seen[-1].model.version == two.second and two.seen[-1].recipe.name == "Tight"
    assert page.strip.product.full == "bracket 12" and page.strip.recipe.full == "Tight 3"
    assert status.text("judge").startswith(f"bracket 12 · Tight 3 · brackets {two.second}")
    assert "Product bracket 12. Recipe Tight 3 is in force from the next part on." in two.told()
    qtbot.waitUntil(lambda: page.change.menu is None, timeout=PATIENCE)
    take(qtbot, menu_of(qtbot, station), first, "The model's own limits")
    qtbot.waitUntil(lambda: two.seen[-1].traveller.product == first, timeout=PATIENCE)
    assert two.seen[-1].model.version == two.first
    assert status.text("judge").startswith(f"{first} · default 1 · plates {two.first}")


def test_a_scanned_code_finds_the_recipe_and_so_its_product(qtbot: QtBot, two: Two) -> None:
    station = two.station
    scan(station, "RC-12")
    qtbot.waitUntil(lambda: live_page(station).strip.product.full == "bracket 12", timeout=PATIENCE)
    station.line.start()
    qtbot.waitUntil(lambda: bool(two.seen), timeout=PATIENCE)
    assert two.seen[0].traveller.product == "bracket 12" and two.seen[0].model.version == two.second


def test_a_retired_product_is_not_offered_and_its_code_is_refused_in_words(qtbot: QtBot, two: Two) -> None:
    station = two.station
    retire(station.context.db, "bracket 12", "ana")
    assert words(menu_of(qtbot, station)) == [
        *("The model's own limits", "Plate, version 3"),
        "Make and change recipes…",
    ]
    change = live_page(station).change
    assert change.menu is not None
    QTest.keyClick(change.menu, Key.Key_Escape)
    qtbot.waitUntil(lambda: change.menu is None, timeout=PATIENCE)
    scan(station, "RC-12")
    qtbot.waitUntil(lambda: "The product 'bracket 12' is retired." in two.told(), timeout=PATIENCE)
    assert "The recipe was not changed." in two.told()


def test_a_product_without_a_model_leads_to_the_teach_in(qtbot: QtBot, two: Two) -> None:
    station = two.station
    make_product(station.context.db, "casting", "ana")
    take(qtbot, menu_of(qtbot, station), "casting", "No model judges it yet: teach it in…")
    qtbot.waitUntil(lambda: station.window.page == "teach-in", timeout=PATIENCE)


def test_the_start_takes_the_product_of_last_time_and_says_so(qtbot: QtBot, two: Two, opened: Open) -> None:
    station = two.station
    scan(station, "RC-12")
    settings = station.context.folder / "settings.json"
    qtbot.waitUntil(lambda: settings.exists() and '"product": "bracket 12"' in settings.read_text(), timeout=PATIENCE)
    again = opened(model="", load=loader("ok"), open=lambda _uri: ScriptedSource(3))
    assert live_page(again).strip.product.full == "bracket 12"
    assert [n.message for n in again.window.notices.notices] == ["bracket 12 is inspected, as it was last."]
    seen: list[Inspection] = []
    again.context.recorded.connect(seen.extend)
    again.line.start()
    qtbot.waitUntil(lambda: bool(seen), timeout=PATIENCE)
    assert seen[0].recipe.name == "Tight" and seen[0].model.version == two.second


def test_a_product_that_was_retired_meanwhile_gives_way_to_the_next_one(qtbot: QtBot, two: Two, opened: Open) -> None:
    station, db = two.station, two.station.context.db
    first = station.context.product.name
    scan(station, "RC-12")
    settings = station.context.folder / "settings.json"
    qtbot.waitUntil(lambda: settings.exists() and '"product": "bracket 12"' in settings.read_text(), timeout=PATIENCE)
    retire(db, "bracket 12", "ana")
    again = opened(model="")
    assert live_page(again).strip.product.full == first
    assert [n.message for n in again.window.notices.notices] == [
        f"The product bracket 12 is retired: {first} is inspected."
    ]


def test_the_parts_of_a_running_product_bear_its_new_name(qtbot: QtBot, two: Two) -> None:
    station = two.station
    station.line.start()
    qtbot.waitUntil(lambda: bool(two.seen), timeout=PATIENCE)
    station.context.take_product(rename(station.context.db, station.context.product.id, "plate 7", "ana"))
    assert live_page(station).strip.product.full == "plate 7"
    qtbot.waitUntil(lambda: two.seen[-1].traveller.product == "plate 7", timeout=PATIENCE)
    assert two.seen[-1].model.version == two.first


def test_a_roll_back_names_what_judges_on_every_page(qtbot: QtBot, two: Two, tmp_path: Path) -> None:
    station, db = two.station, two.station.context.db
    newer = register(db, make_package(tmp_path / "newer", "newer").folder, "ana").version
    activate(db, newer, "ana", "", station.context.product.id)
    station.line.start()
    qtbot.waitUntil(lambda: bool(two.seen), timeout=PATIENCE)
    assert two.seen[-1].model.version == newer
    press(station, Key.Key_4, CTRL)
    models = station.window.findChild(ModelsPage)
    assert models is not None
    qtbot.waitUntil(lambda: f"newer {newer}" in models.view.judges.text(), timeout=PATIENCE)
    press(station, Key.Key_Z)
    qtbot.waitUntil(lambda: bool(models.findChildren(WhyDialog)), timeout=PATIENCE)
    (dialog,) = models.findChildren(WhyDialog)
    QTest.keyClicks(dialog.why, "too many false alarms")
    QTest.keyClick(dialog.why, Key.Key_Return)
    qtbot.waitUntil(lambda: two.seen[-1].model.version == two.first, timeout=PATIENCE)
    words = f"{station.context.product.name} · default 1 · plates {two.first}"
    qtbot.waitUntil(lambda: models.view.judges.text() == f"Judges now: {words}", timeout=PATIENCE)
    assert station.window.status.text("judge").startswith(words)
    now = active(db, station.context.product.id)
    assert now is not None and now.version == two.first
    # The other product is none of it.
    other = active(db, find(db, "bracket 12").id)
    assert other is not None and other.version == two.second


def test_arrow_keys_walk_the_recipes_and_change_no_product(qtbot: QtBot, two: Two) -> None:
    station = two.station
    recipe(station, "Steel")
    press(station, Key.Key_5, CTRL)
    qtbot.waitUntil(lambda: station.window.findChild(RecipesPage) is not None, timeout=PATIENCE)
    page = station.window.findChild(RecipesPage)
    assert page is not None
    qtbot.waitUntil(lambda: page.list.current is not None and page.list.product.isVisible(), timeout=PATIENCE)
    first, before = station.context.product.name, page.list.current
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, Key.Key_Down)
    qtbot.waitUntil(lambda: page.list.current not in (None, before), timeout=PATIENCE)
    assert page.list.product.currentText() == first
