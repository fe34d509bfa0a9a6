"""The list of products in Settings: what each is, and the acts of an engineer on them, with a reason on record."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from db.products.acts import make_product, retire
from db.products.shelf import find, list_products
from db.users import users
from db.users.trail import entries
from db.users.users import add_user
from engine.domain.inspection import Outcome
from gui.pages.settings.page import SettingsPage
from gui.pages.settings.products.dialog import NameDialog
from gui.users.operators import SignIn
from gui.users.why_dialog import WhyDialog
from tests.gui.stored import Bench, press

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with the least work."""
    monkeypatch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def page(bench: Bench) -> SettingsPage:
    """The page on screen; the station has one product, called like its model."""
    made = SettingsPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


def named(page: SettingsPage) -> list[str]:
    return [row.name.text() for row in page.products.rows.values()]


def click(page: SettingsPage, button: QPushButton) -> None:
    page.area.ensureWidgetVisible(button)
    QTest.mouseClick(button, LEFT)


def answer(bench: Bench, page: SettingsPage, name: str, why: str) -> None:
    """What is asked for a name and a reason, typed and confirmed with Enter."""
    (dialog,) = page.findChildren(NameDialog)
    dialog.name.selectAll()
    QTest.keyClicks(dialog.name, name)
    assert not dialog.go.isEnabled()
    QTest.keyClicks(dialog.why, why)
    QTest.keyClick(dialog.why, Key.Key_Return)
    bench.idle()


def reason(bench: Bench, page: SettingsPage, why: str) -> None:
    (dialog,) = page.findChildren(WhyDialog)
    assert not dialog.go.isEnabled()
    QTest.keyClicks(dialog.why, why)
    QTest.keyClick(dialog.why, Key.Key_Return)
    bench.idle()


def trail(bench: Bench) -> list[str]:
    return [f"{entry.who}: {entry.what}: {entry.detail}" for entry in entries(bench.db, 10)]


def test_every_product_is_told_with_what_judges_it_and_how_many_parts_it_has(bench: Bench, page: SettingsPage) -> None:
    bench.parts(Outcome.OK, Outcome.NG)
    first = bench.context.product
    make_product(bench.db, "casting", "ana")
    page.refresh()
    bench.idle()
    model = f"model {bench.model.name} {bench.model.version}"
    said = [row.said.text() for row in page.products.rows.values()]
    assert said[0].startswith(f"inspected now · the model's own limits · {model} · 2 part")
    assert said[1].startswith("in use · the model's own limits · no model yet · 0 part")
    assert named(page) == [first.name, "casting"]


def test_a_product_is_made_and_renamed_by_keys_and_mouse(bench: Bench, page: SettingsPage) -> None:
    press(page, "N")
    answer(bench, page, "bracket 12", "new order")
    assert named(page)[-1] == "bracket 12"
    assert trail(bench)[0] == "anna: product made: bracket 12 new order"
    click(page, page.products.rows["bracket 12"].rename)
    answer(bench, page, "bracket 12b", "drawing changed")
    assert named(page)[-1] == "bracket 12b  (once bracket 12)"
    assert find(bench.db, "bracket 12").name == "bracket 12b"


def test_the_inspected_product_takes_its_new_name_everywhere(bench: Bench, page: SettingsPage) -> None:
    with bench.qtbot.waitSignal(bench.context.productChanged, timeout=20_000):
        click(page, page.products.rows[bench.context.product.name].rename)
        answer(bench, page, "plate 7", "drawing changed")
    assert bench.context.product.name == bench.context.settings.product == "plate 7"


def test_a_name_that_is_taken_is_refused_in_words(bench: Bench, page: SettingsPage) -> None:
    now = bench.context.product.name
    press(page, "N")
    answer(bench, page, now.upper(), "new order")
    assert page.products.said.text() == f"There is a product called {now!r} here. Choose another name."
    assert len(list_products(bench.db)) == 1


def test_a_product_is_retired_and_restored_with_a_reason(bench: Bench, page: SettingsPage) -> None:
    make_product(bench.db, "casting", "ana")
    page.refresh()
    bench.idle()
    click(page, page.products.rows["casting"].end)
    reason(bench, page, "no more orders")
    assert find(bench.db, "casting").retired
    assert page.products.rows["casting"].said.text().startswith("retired · ")
    assert trail(bench)[0] == "anna: product retired: casting no more orders"
    click(page, page.products.rows["casting"].end)
    reason(bench, page, "orders again")
    assert not find(bench.db, "casting").retired


def test_the_product_that_is_inspected_now_cannot_be_retired(bench: Bench, page: SettingsPage) -> None:
    make_product(bench.db, "casting", "ana")
    now = bench.context.product.name
    click(page, page.products.rows[now].end)
    assert page.products.said.text() == f"{now} is inspected now. Change over to another one first (Live, Ctrl+R)."
    assert not page.findChildren(WhyDialog)
    assert not find(bench.db, now).retired


def test_retired_ones_stand_last_and_who_needs_a_pin_asks_an_engineer_first(bench: Bench) -> None:
    make_product(bench.db, "casting", "ana")
    make_product(bench.db, "bracket 12", "ana")
    retire(bench.db, "casting", "ana")
    add_user(bench.db, "eva", "engineer", "1234", "setup")
    bench.context.settings.pin_required = True
    made = SettingsPage(bench.context)
    bench.show(made)
    bench.idle()
    assert list(made.products.rows)[-1] == "casting"
    assert not made.products.rows["casting"].end.isEnabled()
    press(made, "N")
    assert not made.findChildren(NameDialog) and made.findChildren(SignIn)


def test_a_product_goes_into_a_file_and_comes_back_under_another_name(
    bench: Bench, page: SettingsPage, tmp_path: Path
) -> None:
    now = bench.context.product
    page.products.export(now, str(tmp_path / "carried.zip"))
    bench.idle()
    assert "The product is exported" in bench.said() and (tmp_path / "carried.zip").exists()
    page.products.bring_in(str(tmp_path / "carried.zip"))
    bench.idle()
    (dialog,) = page.findChildren(NameDialog)
    assert f"There is a product called {now.name!r} here." in page.products.said.text()
    QTest.keyClicks(dialog.name, "carried")
    QTest.keyClick(dialog.name, Key.Key_Return)
    bench.idle()
    assert named(page) == [now.name, "carried"]
    assert f"model {bench.model.name} {bench.model.version}" in page.products.rows["carried"].said.text()
