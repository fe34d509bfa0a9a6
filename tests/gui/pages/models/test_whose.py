"""Models of a product that is not inspected: listed by choice, activated and rolled back without touching the line."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from db.models.registry import ModelVersion, activate, active
from db.products.acts import make_product
from db.products.shelf import Product
from gui.pages.models.page import ModelsPage
from gui.users.why_dialog import WhyDialog
from tests.gui.stored import Bench, press
from tests.gui.teaching import agree


@pytest.fixture
def other(bench: Bench) -> ModelVersion:
    """A second model, of nobody yet."""
    return bench.register(bench.db.folder / "other", "dent")


@pytest.fixture
def strip(bench: Bench, other: ModelVersion) -> Product:
    """A second product, which had the first model before the other one; the first product is inspected."""
    bench.context.product  # noqa: B018 - the first one, which has the model of before
    made = make_product(bench.db, "strip", "anna")
    activate(bench.db, bench.model.version, "anna", product=made.id)
    activate(bench.db, other.version, "anna", product=made.id)
    return made


def states(page: ModelsPage) -> dict[str, str]:
    return {model.version: model.state for model in page.rows.models}


def test_the_models_of_another_product_are_listed_rolled_back_and_activated_and_the_line_goes_on(
    bench: Bench, strip: Product, other: ModelVersion
) -> None:
    told: list[str] = []
    bench.context.modelActivated.connect(told.append)
    page = ModelsPage(bench.context)
    bench.show(page)
    bench.idle()
    first, second = bench.model.version, other.version
    box = page.view.product
    assert box.currentText() == bench.context.product.name and box.isVisible()
    assert states(page) == {first: "active", second: "candidate"}
    QTest.keyClick(box, Qt.Key.Key_Down)
    bench.idle()
    assert box.currentText() == "strip"
    assert states(page) == {first: "retired", second: "active"}
    press(page, "Z")
    dialog = page.findChild(WhyDialog)
    assert dialog is not None
    agree(page, "too many rejects")
    bench.idle()
    assert states(page) == {first: "active", second: "retired"}
    assert f"{first} is the active one of strip" in bench.said()
    page.view.mark(page.rows.row_of(second))
    press(page, "A")
    agree(page, "it was better")
    bench.idle()
    assert states(page) == {first: "retired", second: "active"}
    mine, its = active(bench.db, bench.context.product.id), active(bench.db, strip.id)
    assert mine is not None and mine.version == first
    assert its is not None and its.version == second
    assert told == [], "nothing for the line to take over"
    assert page.view.judges.text().count(first) == 1


def test_teaching_and_gate_are_for_the_product_that_is_inspected(bench: Bench, strip: Product) -> None:
    page = ModelsPage(bench.context)
    bench.show(page)
    bench.idle()
    QTest.keyClick(page.view.product, Qt.Key.Key_Down)
    bench.idle()
    press(page, "T")
    assert not page.in_flow
    assert "strip is not inspected now" in bench.said()
    page.view.mark(page.rows.row_of(bench.model.version))
    press(page, "G")
    assert not page.in_flow
    bench.context.take_product(strip)
    bench.idle()
    assert page.whose.inspected
    press(page, "T")
    assert page.in_flow


def test_with_one_product_there_is_nothing_to_choose(bench: Bench) -> None:
    page = ModelsPage(bench.context)
    bench.show(page)
    bench.idle()
    assert page.view.product.isHidden()


def test_a_candidate_that_waits_after_a_restart_names_its_product(
    bench: Bench, strip: Product, other: ModelVersion
) -> None:
    new = bench.register(bench.db.folder / "new", "pit")
    bench.context.remember("teach", candidate=new.version, candidate_of=strip.id)
    page = ModelsPage(bench.context)
    bench.show(page)
    bench.idle()
    assert page.teaching.candidate is not None
    assert page.teaching.gate.panel.headline.text() == f"Model {new.version} of strip waits for its gate."
