"""The Recipes page with a real model, a real database and real files: drawn, slid, saved, compared, brought in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from db.inspections.overrides import add_override
from db.models.registry import active
from db.products.acts import make_product
from db.recipes.shelf import save, stored, versions
from db.runs.line import LineOrder
from db.users.trail import entries
from engine.domain.inspection import Inspection, Outcome, Override, new_id, utc_now
from engine.domain.recipe import CameraSetup, FilePages
from engine.recipes.file import default_recipe, load_recipe
from gui.jobs.bridge import Bridge
from gui.line.line import Line
from gui.pages.camera.presenter import save as save_camera
from gui.pages.recipes.editor.versions import VersionsDialog
from gui.pages.recipes.page import RecipesPage
from gui.users.why_dialog import WhyDialog
from tests.gui.stored import Bench, press

LONG = 30_000


class Station:
    """A bench with a line and one stored recipe that the line has in force."""

    def __init__(self, bench: Bench) -> None:
        self.bench, context = bench, bench.context
        self.line = Line(context, Bridge(context), LineOrder("demo:"))
        self.folder = context.folder / "recipes"
        self.path = self.folder / "bracket.toml"
        package = context.package
        assert package is not None
        self.package = package
        save(bench.db, self.path, replace(default_recipe(package), name="bracket", code="4711"), "anna", "first")
        self.line.use_recipe(str(self.path))

    def page(self) -> RecipesPage:
        """The page on screen, its recipe open and its picture judged."""
        made = RecipesPage(self.bench.context, self.line)
        self.bench.show(made)
        self.until(lambda: made.draft.recipe is not None and bool(made.preview.verdict.reasons.text()))
        self.until(lambda: made.editor.weighing.weighed is not None)
        return made

    def until(self, so: Callable[[], bool]) -> None:
        """Wait for it."""
        self.bench.qtbot.waitUntil(so, timeout=LONG)


@pytest.fixture
def station(bench: Bench) -> Station:
    return Station(bench)


def correct(bench: Bench, part: Inspection, outcome: Outcome) -> None:
    """What an inspector says of it."""
    label = "scratch" if outcome is Outcome.NG else "ok"
    add_override(bench.db, Override(new_id(utc_now()), part.id, utc_now(), "anna", outcome, label))


def agree(page: RecipesPage, why: str) -> None:
    """Give the reason in the dialog that asks for it, by keys."""
    dialog = page.findChild(WhyDialog)
    assert dialog is not None
    QTest.keyClicks(dialog.why, why)
    QTest.keyClick(dialog.why, Qt.Key.Key_Return)


def shown(page: RecipesPage) -> str:
    """The verdict's word."""
    return page.preview.verdict.word.text().split(" ")[0]


def test_region_is_drawn_with_the_mouse_and_moved_by_keys(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    view = page.preview.view
    press(page, "G")

    def at(x: float, y: float) -> QPointF:
        return view.widget_at(x, y)

    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at(10, 8).toPoint())
    for x, y in ((20, 20), (50, 40)):
        QTest.mouseMove(view, at(x, y).toPoint())
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(50, 40).toPoint())
    recipe = page.draft.recipe
    assert recipe is not None
    assert recipe.view.roi == (10, 8, 40, 32)
    assert [side.value() for side in page.editor.region.sides] == [10, 8, 40, 32]
    press(page, "Right")
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert page.draft.recipe is not None
    assert page.draft.recipe.view.roi == (11, 16, 40, 32)
    station.until(lambda: page.judge._seen is not None and page.judge._seen[1].roi == (11, 16, 40, 32))
    press(page, "W")
    assert page.draft.recipe.view.roi is None
    assert not page.draft.dirty


def test_line_of_known_length_gives_the_scale(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    view = page.preview.view
    press(page, "M")
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=view.widget_at(5, 10).toPoint())
    QTest.mouseMove(view, view.widget_at(45, 10).toPoint())
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=view.widget_at(45, 10).toPoint())
    page.editor.region.length.setValue(20.0)
    assert page.draft.recipe is not None
    assert page.draft.recipe.limits.mm_per_px == pytest.approx(0.5, rel=0.02)


def test_slider_moves_the_verdict_of_the_picture(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    assert shown(page) == "OK"
    limits = page.editor.limits
    limits.ng_at.slider.setValue(100)
    # The picture's score is 0.157: over the limit, and the band still reaches beyond it.
    assert shown(page) == "REVIEW"
    limits.review_to.slider.setValue(120)
    assert shown(page) == "NG"
    assert page.draft.recipe is not None
    now = page.draft.recipe.limits
    assert now.review_from <= now.ng_at <= now.review_to
    press(page, "Z")
    assert shown(page) == "OK"


def test_figures_are_those_counted_by_hand(bench: Bench, station: Station) -> None:
    made = bench.parts(*[Outcome.OK] * 12, *[Outcome.NG] * 13, *[Outcome.REVIEW] * 2)
    truths = [Outcome.NG, *[Outcome.OK] * 11, Outcome.OK, *[Outcome.NG] * 14]
    for part, truth in zip(made, truths, strict=True):
        correct(bench, part, truth)
    page = station.page()
    weighing = page.editor.weighing

    def figures() -> tuple[int, ...]:
        found = weighing.weighed.mistakes if weighing.weighed is not None else None
        if found is None:
            return ()
        return found.escapes.count, found.defective.total, found.overkill.count, found.sound.total, found.review.count

    station.until(lambda: figures() == (1, 15, 1, 12, 2))
    assert "Escapes: 1 of 15" in weighing.words.text()
    assert "NO VERDICT: 0 of 27" in weighing.words.text()
    assert "So few parts say little" in weighing.words.text()
    page.editor.limits.review_from.slider.setValue(50)
    station.until(lambda: figures() == (0, 15, 1, 12, 14))
    press(page, "Z")
    station.until(lambda: figures() == (1, 15, 1, 12, 2))
    # Where an escape is dear enough, the cheapest threshold lets none through.
    weighing.fields[0].setValue(1e6)
    station.until(lambda: bench.context.jobs.busy == 0 and "Cost" in weighing.words.text())
    press(page, "C")
    station.until(lambda: figures()[0] == 0)


def test_too_few_known_parts_say_what_to_do(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    station.until(lambda: "Correct parts on Review" in page.editor.weighing.words.text())
    assert not page.editor.limits.cheapest.isEnabled()


def test_saved_version_is_kept_told_and_used(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    page.editor.limits.ng_at.field.setValue(0.75)
    press(page, "Ctrl+S")
    agree(page, "fewer false rejects")
    station.until(lambda: [v.version for v in versions(station.path)] == [2, 1])
    station.until(lambda: bench.context.recipe is not None and bench.context.recipe.limits.ng_at == 0.75)
    assert station.line.options.recipe == str(station.path)
    entry = entries(bench.db, 1)[0]
    assert (entry.who, entry.what) == ("anna", "recipe saved")
    assert "fewer false rejects" in entry.detail
    station.until(lambda: page.draft.stored is not None and page.draft.stored.version == 2)
    assert not page.draft.dirty


def test_versions_are_compared_and_an_older_one_comes_back(bench: Bench, station: Station) -> None:
    recipe = load_recipe(station.path, station.package)
    limits = replace(recipe.limits, ng_at=0.55, min_area_px=12.0)
    save(bench.db, station.path, replace(recipe, limits=limits), "anna", "small regions do not matter")
    bench.parts(Outcome.OK)
    page = station.page()
    press(page, "V")
    station.until(lambda: page.findChild(VersionsDialog) is not None)
    dialog = page.findChild(VersionsDialog)
    assert dialog is not None
    table = dialog.differences
    rows = [[table.item(r, c).text() for c in range(3)] for r in range(table.rowCount())]
    assert rows == [["NG from", "0.5", "0.55"], ["Smallest area (px²)", "0", "12"]]
    assert dialog.list.item(0, 3).text() == "small regions do not matter"
    dialog.back.click()
    station.until(lambda: page.findChild(WhyDialog) is not None)
    agree(page, "back to the first")
    station.until(lambda: stored(station.path).version == 3)
    assert load_recipe(station.path, station.package).limits == recipe.limits


def test_import_of_a_bad_file_says_why(bench: Bench, station: Station, tmp_path: Path) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    bad = tmp_path / "bad.toml"
    bad.write_text('schema = 1\nname = "bad"\n[limits]\nng_at = 3\n')
    errors: list[Exception] = []
    bench.context.jobs.failed.connect(errors.append)
    page.acts.import_file(str(bad))
    station.until(lambda: bool(errors))
    assert "limits.ng_at" in str(errors[0])
    assert page.list.list.count() == 1


def test_camera_page_saves_into_the_same_recipe_and_trail(bench: Bench, station: Station) -> None:
    camera = CameraSetup((("exposure_us", 4000.0),))
    done = save_camera(str(station.path), station.folder, station.package, camera, None, trail=(bench.db, "bo"))
    assert (done.path, done.version) == (station.path, 2)
    assert load_recipe(station.path, station.package).camera == camera
    assert [v.version for v in versions(station.path)] == [2, 1]
    # Which product the station has may be found out meanwhile, and stands in the trail too.
    entry = next(e for e in entries(bench.db, 9) if e.what == "recipe saved")
    assert entry.who == "bo"
    assert "camera settings" in entry.detail


def test_draft_outlives_the_page(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    page.editor.limits.ng_at.field.setValue(0.8)
    page.close_page()
    page.hide()
    again = station.page()
    station.until(lambda: again.draft.dirty)
    assert again.draft.recipe is not None
    assert again.draft.recipe.limits.ng_at == 0.8
    assert "not saved" in again.view.state.text()
    press(again, "L")
    assert "Save the changes first" in bench.said()


def test_new_duplicate_retire(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    press(page, "Delete")
    assert "in force" in bench.said()
    press(page, "N")
    station.until(lambda: page.current is not None and page.current.name == "New recipe")
    press(page, "D")
    station.until(lambda: page.current is not None and page.current.name == "New recipe copy")
    press(page, "Delete")
    agree(page, "not needed")
    station.until(lambda: page.list.list.count() == 2)
    assert (station.folder / "retired" / "New_recipe_copy.toml").is_file()
    station.until(lambda: page.draft.stored is not None and page.draft.stored.path == page.list.current)


def test_without_a_recipe_no_verdict_is_promised_until_there_is_one(bench: Bench) -> None:
    bench.parts(Outcome.OK)
    page = RecipesPage(bench.context, Line(bench.context, Bridge(bench.context), LineOrder("demo:")))
    bench.show(page)
    bench.qtbot.waitUntil(lambda: page.judge.shot is not None, timeout=LONG)
    bench.idle()
    assert page.preview.verdict.word.text() == ""
    press(page, "N")
    bench.qtbot.waitUntil(lambda: shown(page) == "OK", timeout=LONG)


def test_before_a_model_is_open_nothing_can_be_typed_into_the_editor(bench: Bench) -> None:
    bench.context.package = None
    page = RecipesPage(bench.context, Line(bench.context, Bridge(bench.context), LineOrder("demo:")))
    assert not page.editor.limits.ng_at.field.isEnabled()
    bench.show(page)
    bench.idle()
    assert not page.editor.limits.ng_at.field.isEnabled()


def test_renamed_recipe_is_saved_under_the_name_that_is_asked_about(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    assert page.draft.recipe is not None
    page.draft.edit(replace(page.draft.recipe, name="lid"))
    press(page, "Ctrl+S")
    dialog = page.findChild(WhyDialog)
    assert dialog is not None
    assert [label.text() for label in dialog.findChildren(QLabel) if label.text().startswith("lid becomes version 2")]


def test_arrow_keys_move_the_slider_that_has_the_focus(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK, Outcome.OK)
    page = station.page()
    page.window().activateWindow()
    slider = page.editor.limits.ng_at.slider
    slider.setFocus()
    station.until(lambda: QApplication.focusWidget() is slider)
    press(page, "Right")
    assert page.draft.recipe is not None
    assert page.draft.recipe.limits.ng_at == pytest.approx(0.501)
    page.preview.view.setFocus()
    press(page, "Right")
    station.until(lambda: page.preview.verdict.position.text() == "2 of 2")


def test_files_with_several_pictures_are_parts_where_the_recipe_is_set_so(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    choice = page.editor.line.pages
    assert choice.currentData() == FilePages.REFUSE
    choice.setCurrentIndex(choice.findData(FilePages.EACH))
    choice.activated.emit(choice.currentIndex())
    assert page.draft.recipe is not None
    assert page.draft.recipe.pages is FilePages.EACH
    page.saving.save("stacks come", "anna")
    station.until(lambda: not page.draft.dirty)
    assert load_recipe(station.path, station.package).pages is FilePages.EACH
    assert page.editor.line.pages.currentData() == FilePages.EACH


def listed(page: RecipesPage) -> list[str]:
    """The names in the list."""
    return [page.list.list.item(row).text().split("\n")[0] for row in range(page.list.list.count())]


def test_recipes_of_the_inspected_product_are_listed_and_another_ones_by_choice(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    page = station.page()
    assert page.list.product.isHidden() and listed(page) == ["bracket"]
    other = make_product(bench.db, "casting", "anna")
    page.activated()
    bench.idle()
    QTest.keyClick(page.list.product, Qt.Key.Key_Down)
    station.until(lambda: listed(page) == [])
    bench.idle()
    press(page, "N")
    station.until(lambda: listed(page) == ["New recipe"])
    (made,) = (path for path in station.folder.glob("*.toml") if path != station.path)
    assert stored(made).product == "casting" and stored(made).model == station.package.version
    # Bound to a model: putting it on the line makes that one the product's, and changes over.
    station.until(lambda: page.draft.recipe is not None and page.draft.recipe.name == "New recipe")
    press(page, "L")
    station.until(lambda: bench.context.product.id == other.id)
    now = active(bench.db, other.id)
    assert now is not None and now.version == station.package.version
    QTest.keyClick(page.list.product, Qt.Key.Key_Up)
    station.until(lambda: listed(page) == ["bracket"])


def test_a_recipe_of_another_product_that_is_brought_in_is_seen(bench: Bench, station: Station, tmp_path: Path) -> None:
    bench.parts(Outcome.OK)
    make_product(bench.db, "casting", "anna")
    page = station.page()
    text = station.path.read_text(encoding="utf-8").replace('code = "4711"', 'product = "casting"')
    (tmp_path / "cast.toml").write_text(text.replace('name = "bracket"', 'name = "cast"'), encoding="utf-8")
    page.acts.import_file(str(tmp_path / "cast.toml"))
    station.until(lambda: listed(page) == ["cast"])
    assert page.list.product.currentText() == "casting"


def test_a_recipe_is_freed_from_its_model_so_that_another_one_may_judge(bench: Bench, station: Station) -> None:
    bench.parts(Outcome.OK)
    version = station.package.version
    bound = replace(load_recipe(station.path, station.package), model=version)
    save(bench.db, station.path, bound, "anna", "for this one")
    page = station.page()
    only = page.editor.name.only
    assert only.isChecked() and version in only.text()
    QTest.keyClick(only, Qt.Key.Key_Space)
    assert page.draft.dirty and not only.isChecked() and version not in only.text()
    press(page, "Ctrl+S")
    agree(page, "any of them")
    station.until(lambda: not page.draft.dirty and stored(station.path).version == 3)
    assert stored(station.path).model == ""
    station.until(lambda: page.draft.recipe is not None)
    QTest.keyClick(only, Qt.Key.Key_Space)
    assert page.draft.recipe is not None and page.draft.recipe.model == version
