"""Which sub-folders are sound: as their names say until a person says it, for that folder only."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.statistics.shares import Share
from gui.pages.scan.page import ScanPage
from gui.pages.scan.sound_folders import MOST, sub_folders
from tests.gui.stored import Bench, press


@pytest.fixture
def page(bench: Bench) -> ScanPage:
    made = ScanPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """stack: 3 dark pictures, which the model calls OK; ng: 2 bright ones and a dark one."""
    root = tmp_path / "parts"
    for label, greys in (("stack", [60] * 3), ("ng", [250, 250, 60])):
        (root / label).mkdir(parents=True)
        for number, grey in enumerate(greys):
            cv2.imwrite(str(root / label / f"{number}.png"), np.full((64, 80), grey, np.uint8))
    return root


def look(bench: Bench, page: ScanPage, folder: Path) -> str:
    """Take the folder, and what the button says of it then."""
    page.setup.set_folder(folder)
    page.setup.sound.look()
    bench.idle()
    return page.setup.sound.text()


def scan(bench: Bench, page: ScanPage) -> tuple[Share, Share]:
    """Escapes and overkill of a scan."""
    press(page, "Space")
    bench.qtbot.waitUntil(lambda: page.running, timeout=20_000)
    bench.qtbot.waitUntil(lambda: not page.running, timeout=20_000)
    bench.idle()
    result = page.showing.result()
    assert result is not None
    return result.summary.mistakes.escapes, result.summary.mistakes.overkill


def test_names_speak_until_a_person_says_which_folder_is_sound(bench: Bench, page: ScanPage, folder: Path) -> None:
    assert look(bench, page, folder) == "By name: none"
    # A folder that says nothing counts as a kind of defect, as a class does that the model does not know.
    assert scan(bench, page) == (Share(4, 6), Share(0, 0))
    press(page, "Ctrl+N")
    page.setup.sound.choose("stack", sound=True)
    assert page.setup.sound.text() == "Chosen: stack"
    assert scan(bench, page) == (Share(1, 3), Share(0, 3))
    assert [row.name for row in page.results.rows.rows if row.differs] == ["ng/2.png"]


def test_choice_is_kept_for_its_folder_and_for_no_other(bench: Bench, page: ScanPage, folder: Path) -> None:
    look(bench, page, folder)
    page.setup.sound.choose("stack", sound=True)
    other = folder.parent / "other"
    (other / "stack").mkdir(parents=True)
    (other / "Good").mkdir()
    assert look(bench, page, other) == "By name: Good" and page.setup.sound.told.names is None
    assert look(bench, page, folder) == "Chosen: stack"
    again = ScanPage(bench.context)
    assert again.setup.sound.told.of(folder) == frozenset({"stack"}) and again.setup.sound.told.of(other) is None
    again.close_page()


def test_menu_has_every_sub_folder_with_a_tick_where_it_is_sound(bench: Bench, page: ScanPage, folder: Path) -> None:
    (folder / "ok & dry").mkdir()
    (folder / "OK").mkdir()
    look(bench, page, folder)
    page.setup.sound.click()
    actions = {action.text(): action for action in page.setup.sound.choices.actions()}
    assert {name: a.isChecked() for name, a in actions.items() if a.isCheckable()} == {
        "ng": False,
        "OK": True,
        "ok && dry": False,
        "stack": False,
    }
    actions["stack"].trigger()
    assert page.setup.sound.text() == "Chosen: OK, stack"
    actions["As their names say"].trigger()
    assert page.setup.sound.text() == "By name: OK"
    page.setup.sound.choices.close()


def test_folder_without_sub_folders_has_nothing_to_choose(bench: Bench, page: ScanPage, tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    assert look(bench, page, tmp_path / "flat") == "No sub-folders" and not page.setup.sound.isEnabled()
    assert look(bench, page, tmp_path / "gone") == "No sub-folders"


def test_sub_folders_are_in_order_without_hidden_ones_and_not_too_many(tmp_path: Path) -> None:
    for name in ("lot10", "lot2", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "a.png").write_bytes(b"")
    assert sub_folders(str(tmp_path)) == ("lot2", "lot10") and sub_folders("") == sub_folders("\0") == ()
    for number in range(MOST - 2):
        (tmp_path / f"x{number}").mkdir()
    assert len(sub_folders(str(tmp_path))) == MOST
    (tmp_path / "one more").mkdir()
    assert sub_folders(str(tmp_path)) == ()
