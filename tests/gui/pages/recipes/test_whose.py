"""Recipes of another product: pictures and figures are that product's too."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from db.inspections.overrides import add_override
from db.products.acts import make_product
from db.runs.line import LineOrder
from engine.domain.inspection import Inspection, Outcome, Override, new_id, utc_now
from gui.jobs.bridge import Bridge
from gui.line.line import Line
from gui.pages.recipes.page import RecipesPage
from tests.gui.stored import Bench, press

LONG = 60_000


def confirmed(bench: Bench, part: Inspection) -> None:
    now = utc_now()
    add_override(bench.db, Override(new_id(now), part.id, now, "anna", part.verdict.outcome, part.verdict.label))


def test_pictures_and_figures_are_those_of_the_product_that_is_listed(bench: Bench) -> None:
    bench.context.product  # noqa: B018 - the first one, whose are the parts of before there were products
    own = bench.parts(Outcome.OK, Outcome.NG)
    other = bench.parts(Outcome.OK, Outcome.NG, Outcome.OK, product="casting")
    for part in (own[0], *other):
        confirmed(bench, part)
    for name in ("casting", "strip"):
        make_product(bench.db, name, "anna")
    page = RecipesPage(bench.context, Line(bench.context, Bridge(bench.context), LineOrder("demo:")))
    bench.show(page)

    def shows(parts: list[Inspection], known: int) -> bool:
        weighed, shot = page.editor.weighing.weighed, page.judge.shot
        pictures = {sample.name for sample in page.judge.samples}
        on = {shot.sample.name} if shot is not None else set()
        counted = 0 if weighed is None else weighed.mistakes.sound.total + weighed.mistakes.defective.total
        return (
            pictures == {part.id for part in parts} and on <= pictures and bool(on) == bool(parts) and counted == known
        )

    press(page, "N")
    bench.qtbot.waitUntil(lambda: shows(own, 1), timeout=LONG)
    QTest.keyClick(page.list.product, Qt.Key.Key_Down)
    bench.idle()
    press(page, "N")
    bench.qtbot.waitUntil(lambda: shows(other, 3), timeout=LONG)
    QTest.keyClick(page.list.product, Qt.Key.Key_Down)
    bench.qtbot.waitUntil(lambda: shows([], 0), timeout=LONG)
    assert page.preview.verdict.word.text() == ""
    QTest.keyClick(page.list.product, Qt.Key.Key_Up)
    bench.qtbot.waitUntil(lambda: shows(other, 3), timeout=LONG)
