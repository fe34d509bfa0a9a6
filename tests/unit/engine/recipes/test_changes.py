"""Codes, differences between versions, and what thresholds cost on known parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.inspection import Outcome
from engine.domain.recipe import ClassRule, Recipe
from engine.errors import InputError, UsageError
from engine.recipes.changes import Change, changes
from engine.recipes.file import default_recipe, load_recipe, read_head, recipe_document, save_recipe, with_product
from engine.statistics.costs import Prices, cost_of, curve_of, enough
from engine.statistics.mistakes import Mistakes, Verdicts
from tests.packages import write_tiny_package


def test_code_is_kept_and_changes_no_judgement(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    recipe = replace(default_recipe(package), name="b")
    plain = save_recipe(tmp_path / "a.toml", recipe)
    coded = save_recipe(tmp_path / "b.toml", replace(recipe, code="4711 A"))
    assert read_head(tmp_path / "b.toml").code == load_recipe(tmp_path / "b.toml", package).code == "4711 A"
    assert plain.digest == coded.digest


def test_product_is_kept_and_changes_no_judgement(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    recipe = default_recipe(package)
    plain = save_recipe(tmp_path / "a.toml", recipe)
    named = save_recipe(tmp_path / "b.toml", with_product(recipe, "bracket 12"))
    assert read_head(tmp_path / "b.toml").product == load_recipe(tmp_path / "b.toml", package).product == "bracket 12"
    assert plain.digest == named.digest
    assert "product" not in (tmp_path / "a.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", [" 4711", "4711\\n", "ä", "x" * 65])
def test_code_no_scanner_types_is_refused(tmp_path: Path, code: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(f'schema = 1\nname = "a"\ncode = "{code}"\n', encoding="utf-8")
    with pytest.raises(InputError, match="code"):
        read_head(path)


def test_changes_name_every_key(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    recipe: Recipe = replace(default_recipe(package), name="a")
    path = tmp_path / "a.toml"
    save_recipe(path, recipe)
    rules = (ClassRule("defect", ng_at=0.3),)
    limits = replace(recipe.limits, max_regions=2)
    save_recipe(path, replace(recipe, rules=rules, limits=limits, view=replace(recipe.view, roi=(0, 0, 20, 20))))
    found = changes(recipe_document(tmp_path / "a.v1.toml"), recipe_document(path))
    assert {change.key: (change.before, change.after) for change in found} == {
        "roi": (None, [0, 0, 20, 20]),
        "limits.max_regions": (None, 2),
        "classes.defect.severity": (None, "major"),
        "classes.defect.ng_at": (None, 0.3),
    }
    assert changes({"a": False}, {"a": 0}) == (Change("a", False, 0),)


def test_figures_and_cost_are_counted_by_hand() -> None:
    outcomes = [Outcome.OK, Outcome.OK, Outcome.NG, Outcome.NG, Outcome.REVIEW, Outcome.NO_VERDICT]
    found = Mistakes.of(zip([True, False, True, False, True, False], outcomes, strict=True))
    assert found == Mistakes(Verdicts(ok=1, ng=1, no_verdict=1), Verdicts(ok=1, ng=1, review=1))
    assert cost_of(found, Prices(100.0, 5.0, 1.0)) == pytest.approx(1000 * 106 / 6)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=40).filter(
        lambda parts: len({bad for _, bad in parts}) == 2
    ),
    st.floats(0, 0.3),
    st.floats(0, 0.3),
)
def test_curve_is_the_figures_at_every_threshold(parts: list[tuple[float, bool]], below: float, above: float) -> None:
    prices = Prices(100.0, 5.0, 1.0)
    scores, defective = [s for s, _ in parts], [bad for _, bad in parts]
    curve = curve_of(scores, defective, (below, above), prices)
    for at in (0, 37, 100, 200):
        threshold = float(curve.thresholds[at])
        low, high = max(0.0, threshold - below), min(1.0, threshold + above)
        outcomes = [Outcome.OK if s < low else Outcome.NG if s >= high else Outcome.REVIEW for s in scores]
        found = Mistakes.of(zip(defective, outcomes, strict=True))
        assert curve.escapes[at] == pytest.approx(found.escapes.rate)
        assert curve.overkill[at] == pytest.approx(found.overkill.rate)
        assert curve.reviews[at] == pytest.approx(found.review.rate)
        assert curve.costs[at] == pytest.approx(cost_of(found, prices))
    assert np.isclose(curve.costs[np.searchsorted(curve.thresholds, curve.cheapest)], curve.costs.min())


def test_cheapest_lies_between_the_kinds() -> None:
    curve = curve_of([0.1] * 10 + [0.9] * 10, [False] * 10 + [True] * 10, (0.0, 0.0), Prices())
    assert curve.cheapest == pytest.approx(0.5, abs=0.02)
    assert enough([True] * 10 + [False] * 10)
    assert not enough([True] * 30 + [False] * 9)
    with pytest.raises(UsageError):
        Prices(-1.0)
