"""Explanations on demand in Review: the map of another method, for the part on screen only."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.domain.inspection import HeatMap, Outcome, Pixels, RecipeRef
from engine.domain.recipe import SavingPolicy, View
from engine.errors import EnvironmentFailure
from engine.packages.package import ModelPackage
from engine.recipes.digest import former_digest
from engine.recipes.file import with_saving
from gui.pages.live.look import fetch
from gui.pages.review.page import ReviewPage
from gui.viewer import explain as review_explain
from gui.viewer.filters import ViewFilter
from tests.gui.stored import SIZE, Bench, press

ASKED: list[tuple[str, str]] = []


class Bright:
    """An explainer whose map is bright everywhere; it notes what it was asked."""

    def explain(self, pixels: Pixels, view: View, method: str, label: str) -> HeatMap:
        """All ones."""
        ASKED.append((method, label))
        return np.ones((4, 4), np.float32)


@pytest.fixture
def page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> ReviewPage:
    ASKED.clear()
    monkeypatch.setattr(review_explain, "load_explainer", lambda _package: Bright())
    bench.parts(Outcome.NG, Outcome.NG)
    made = ReviewPage(bench.context)
    bench.show(made)
    bench.qtbot.waitUntil(lambda: made.part.opened is not None, timeout=5000)
    bench.idle()
    return made


def label_on_screen(page: ReviewPage) -> str:
    assert page.part.opened is not None
    return page.part.opened.stored.inspection.verdict.label


def test_explanation_replaces_the_map_and_says_so(bench: Bench, page: ReviewPage) -> None:
    page.explaining.explain("grad-cam++")
    bench.idle()
    assert [("grad-cam++", label_on_screen(page))] == ASKED
    assert page.part.explained_by == f"Grad-CAM++  {label_on_screen(page)}"
    assert page.part.explanation is not None
    page.explaining.explain("")
    assert page.part.explanation is None


def test_next_part_comes_with_its_own_map(bench: Bench, page: ReviewPage) -> None:
    page.explaining.explain("eigen-cam")
    bench.idle()
    press(page, "Right")
    bench.qtbot.waitUntil(lambda: page.part.explanation is None, timeout=5000)
    assert page.part.explained_by == ""


def test_station_without_torch_says_how_to_get_it(
    bench: Bench, page: ReviewPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_package: ModelPackage) -> Bright:
        raise EnvironmentFailure("Explanations need torch.", "Install the trainer.")

    monkeypatch.setattr(review_explain, "load_explainer", missing)
    page.explaining.explain("grad-cam")
    bench.idle()
    assert bench.notices[-1].message == "Explanations need torch."
    assert page.part.explanation is None


def test_filters_are_adjusted_within_bounds_and_leave_the_pixels() -> None:
    noise = np.random.default_rng(1).integers(0, 255, SIZE, np.uint8)
    pixels = np.asarray(cv2.GaussianBlur(noise, (5, 5), 1.2), np.uint8)
    kept = pixels.copy()
    edges = ViewFilter().toggled("edges")
    assert edges.words == "edges 100/200"
    more = edges.adjusted(3)
    assert more.words == "edges 70/140"
    assert np.count_nonzero(more.apply(pixels)) > np.count_nonzero(edges.apply(pixels))
    assert edges.adjusted(100).edges_from == 10
    assert edges.adjusted(-100).edges_from == 250
    contrast = ViewFilter().toggled("contrast").adjusted(2)
    assert contrast.words == "contrast 4.0"
    assert not np.array_equal(contrast.apply(pixels), pixels)
    assert np.array_equal(pixels, kept)
    assert contrast.toggled("contrast").apply(pixels) is pixels


@pytest.mark.parametrize(("known", "seen"), [("own", True), ("former", True), ("another", False)])
def test_part_is_seen_as_its_recipe_sees_it_also_under_the_former_digest(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, known: str, seen: bool
) -> None:
    views: list[View] = []
    monkeypatch.setattr(Bright, "explain", lambda _self, _pixels, view, *_: views.append(view) or np.ones((4, 4), "f4"))
    monkeypatch.setattr(review_explain, "load_explainer", lambda _package: Bright())
    assert bench.context.recipe is not None
    recipe = with_saving(replace(bench.context.recipe, view=View(roi=(8, 6, 40, 30))), SavingPolicy())
    bench.context.recipe = recipe
    digest = {"own": recipe.digest, "former": former_digest(recipe), "another": "0"}[known]
    assert digest is not None
    (part,) = bench.parts(Outcome.NG, recipe=RecipeRef("default", 1, digest))
    page = ReviewPage(bench.context)
    bench.show(page)
    bench.qtbot.waitUntil(lambda: page.part.opened is not None, timeout=5000)
    page.explaining.explain("grad-cam++")
    bench.idle()
    view = recipe.view if seen else View()
    assert views == [view]
    assert page.part.view._layers._overlay_box == view.heat_box
    assert fetch(bench.db, bench.archive, None, part, recipe).heat_box == view.heat_box
