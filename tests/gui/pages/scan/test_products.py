"""What the Scan page offers is of the product that is inspected now."""

from __future__ import annotations

from pathlib import Path

from db.models.choose import judge_of, put_in_force
from db.models.registry import activate
from db.products.acts import make_product
from db.products.shelf import Product
from gui.pages.scan.page import ScanPage
from tests.gui.stored import Bench


def recipe(bench: Bench, name: str, product: str) -> Path:
    path = bench.context.folder / "recipes" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'schema = 1\nname = "{name}"\nproduct = "{product}"\n', encoding="utf-8")
    return path


def strip_of(bench: Bench) -> Product:
    """A second product, with a model and a recipe in force of its own."""
    other = bench.register(bench.db.folder / "other", "dent")
    recipe(bench, "plate", bench.context.product.name)
    made = make_product(bench.db, "strip", "anna")
    activate(bench.db, other.version, "anna", product=made.id)
    return put_in_force(bench.db, judge_of(bench.db, made, str(recipe(bench, "tape", "strip"))), "anna")


def test_models_and_recipes_are_those_of_the_product_inspected_now(bench: Bench) -> None:
    bench.context.folder = bench.db.folder
    strip = strip_of(bench)
    page = ScanPage(bench.context)
    bench.show(page)
    bench.idle()
    page.setup.recipe.setCurrentIndex(page.setup.recipe.findText("plate 1"))
    assert bench.model.version in page.setup.model.itemText(0)
    bench.context.take_product(strip)
    page.activated()
    bench.idle()
    assert bench.model.version not in page.setup.model.itemText(0)
    shown = [page.setup.recipe.itemText(row) for row in range(page.setup.recipe.count())]
    assert [text.split()[0] for text in shown] == ["The", "tape"]
    assert page.setup.recipe.currentText().startswith("tape 1")
