"""What judges now, in the words that the status bar and the Models page share; and which product, told at the start."""

from __future__ import annotations

from typing import Protocol

from db.products.shelf import Product, list_products
from engine.domain.recipe import Recipe
from engine.packages.package import ModelPackage
from gui.context import AppContext
from gui.i18n.language import translate


class InForce(Protocol):
    """What is in force on the station: AppContext."""

    package: ModelPackage | None
    recipe: Recipe | None

    @property
    def product(self) -> Product:
        """What is inspected."""
        ...


def judge_words(now: InForce, model_ms: float = 0.0) -> str:
    """Product · recipe · model, with its time per part where that is known; the product alone until a model judges."""
    words = [now.product.name]
    if now.recipe is not None:
        words.append(f"{now.recipe.name} {now.recipe.version}")
    if now.package is not None:
        took = f"  {model_ms:.1f} ms" if model_ms else ""
        computed = " (INT8)" if now.package.int8_graph is not None else ""
        words.append(f"{now.package.manifest.name} {now.package.version}{computed}{took}")
    return " · ".join(words)


def tell_product(context: AppContext, last: str) -> None:
    """`last`: the product inspected before, by its name. Nothing is told where there is no other one to inspect."""
    known, now = list_products(context.db), context.product
    before = next((product for product in known if last and product.is_called(last)), None)
    if last and (before is None or before.retired):
        said = translate("Window", "The product {last} is not here any more: {name} is inspected.")
        if before is not None:
            said = translate("Window", "The product {last} is retired: {name} is inspected.")
        other = translate("Window", "Ctrl+R on Live changes over to another one.")
        context.notify("warning", said.format(last=last, name=now.name), other)
    elif sum(not product.retired for product in known) > 1:
        said = translate("Window", "{name} is inspected, as it was last.")
        other = translate("Window", "Ctrl+R on Live changes over to another one.")
        context.notify("info", said.format(name=now.name), other)
