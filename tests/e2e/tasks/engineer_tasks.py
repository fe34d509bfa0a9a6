"""What a quality engineer must be able to do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel

from db.datasets.collection import OK
from db.datasets.gates import gates
from db.inspections.overrides import in_force
from db.inspections.table import counts
from db.models.registry import active
from gui.pages.live.page import LivePage
from gui.pages.models.page import ModelsPage
from gui.pages.recipes.page import RecipesPage
from gui.pages.teach_in.page import COLLECT, TRY, TeachInPage
from tests.e2e.operator import Operator, Script
from tests.e2e.tasks import stations
from tests.e2e.tasks.hands import (
    Seen,
    change_over,
    database,
    give_reason,
    go_to,
    judges,
    newest,
    patient,
    running,
)

TAUGHT = "Impellers"


def teach_in_a_new_product(operator: Operator, _beside: Path, seen: Seen) -> Script:
    """Ten good parts and three with a dent from the line, a model of them, tried, accepted."""
    yield from running(operator)
    yield from go_to(operator, "Ctrl+T", TeachInPage)
    page = operator.see(TeachInPage)
    operator.step = "name the product"
    edit = page.product.lineEdit()
    assert edit is not None
    operator.type(edit, TAUGHT)
    operator.key("Return")
    yield lambda: page.room.name == TAUGHT and page.step == COLLECT
    for number in range(13):
        operator.step = f"take part {number + 1}"
        have, before = len(page.room.stock.items), page.collecting.view.pixels
        # A part is taken once, however often the key is pressed.
        yield lambda before=before: page.collecting.view.pixels is not before  # type: ignore[misc]
        if number < 10:
            operator.key("O")
        else:
            yield from _take_as_dent(operator, page, first=number == 10)
        yield lambda have=have: len(page.room.stock.items) > have  # type: ignore[misc]
    assert page.room.stock.count(OK) == 10
    operator.step = "train"
    operator.key("T")
    yield patient(lambda: page.step == TRY)
    operator.step = "try"
    yield patient(lambda: page.trying_view.accept.isEnabled())
    operator.step = "accept"
    operator.key("A")
    yield from give_reason(operator, "first model of the impellers")
    operator.step = "the line judges impellers"
    yield lambda: bool(operator.all(LivePage)) and newest(operator).traveller.product == TAUGHT
    yield lambda: operator.see(LivePage).strip.product.full == TAUGHT
    seen["judges"] = judges(operator)


def _take_as_dent(operator: Operator, page: TeachInPage, *, first: bool) -> Script:
    operator.key("N")
    yield lambda: page.busy
    if first:
        yield lambda: page.collecting.name.isVisible()
        operator.type(page.collecting.name, "dent")
        operator.key("Return")
    else:
        operator.key("1")


def teach_from_this_products_corrections(operator: Operator, _beside: Path, seen: Seen) -> Script:
    """Corrections of both products are there; the model of the plates learns from those of the plates alone."""
    yield from running(operator)
    yield from _correct(operator, 4)
    operator.key("Ctrl+R")
    yield from change_over(operator, stations.BRACKETS, f"{stations.BRACKET_RECIPE}, version 1")
    yield lambda: newest(operator).traveller.product == stations.BRACKETS
    live = operator.see(LivePage)
    yield lambda: live.target is not None and live.target.traveller.product == stations.BRACKETS
    yield from _correct(operator, 3)
    operator.key("Ctrl+R")
    yield from change_over(operator, stations.PLATES, "The model's own limits")
    yield lambda: newest(operator).traveller.product == stations.PLATES
    yield from go_to(operator, "Ctrl+4", ModelsPage)
    page, db = operator.see(ModelsPage), database(operator)
    yield lambda: page._context.jobs.busy == 0
    operator.step = "look at the plan"
    operator.key("T")
    plan = page.teaching.view.plan
    yield lambda: plan.start.isVisible() and plan.start.isEnabled() and plan.headline.text()
    seen["plan"], seen["parent"] = plan.headline.text(), plan.fact("parent")
    operator.step = "teach"
    operator.key("T")
    yield lambda: page.teaching.busy
    yield patient(lambda: page.teaching.gate.result is not None or not page.teaching.busy)
    yield lambda: page.teaching.gate.result is not None
    operator.step = "activate"
    operator.key("A")
    yield from give_reason(operator, "catches what we corrected")
    yield lambda: bool(gates(db))
    operator.step = "the line judges with it"
    now = active(db, page._context.product.id)
    assert now is not None
    yield lambda: newest(operator).model.version == now.version
    yield lambda: now.version in judges(operator)
    seen["judges"] = judges(operator)


def _correct(operator: Operator, wanted: int) -> Script:
    """So many parts are called OK, one after the other."""
    live, db = operator.see(LivePage), database(operator)
    for number in range(wanted):
        operator.step = f"correction {number + 1}"
        said = counts(db).overridden
        yield lambda: live.target is not None and in_force(db, live.target.id) is None
        operator.key("O")
        yield lambda said=said: counts(db).overridden > said  # type: ignore[misc]


def roll_back(operator: Operator, _beside: Path, seen: Seen) -> Script:
    """Too many false rejects since yesterday: back to the model before, and what judges is read in three places."""
    yield from running(operator)
    yield from go_to(operator, "Ctrl+4", ModelsPage)
    page = operator.see(ModelsPage)
    yield lambda: page._context.jobs.busy == 0 and page.rows.rowCount() > 0
    before = newest(operator).model.version
    operator.step = "roll back"
    operator.key("Z")
    yield from give_reason(operator, "too many false rejects since yesterday")
    yield lambda: newest(operator).model.version != before
    operator.step = "read what judges"
    yield lambda: before not in page.view.judges.text() and before not in judges(operator)
    seen["models"], seen["status"] = page.view.judges.text(), judges(operator)
    yield from go_to(operator, "Ctrl+1", LivePage)
    seen["live"] = operator.see(LivePage).strip.product.full


def bind_a_recipe(operator: Operator, _beside: Path, seen: Seen) -> Script:
    """A recipe for the model that judges is made and put on the line; another model is then refused in words."""
    yield from running(operator)
    yield from go_to(operator, "Ctrl+5", RecipesPage)
    page = operator.see(RecipesPage)
    operator.step = "make a recipe"
    yield lambda: page._context.jobs.busy == 0 and page.saving.package is not None
    operator.key("N")
    yield lambda: page.current is not None and page.current.name == "New recipe"
    operator.step = "put it on the line"
    yield lambda: page._context.jobs.busy == 0
    operator.key("L")
    yield lambda: newest(operator).recipe.name == "New recipe"
    seen["bound"] = page.current.model if page.current is not None else ""
    yield from go_to(operator, "Ctrl+4", ModelsPage)
    models = operator.see(ModelsPage)
    yield lambda: models._context.jobs.busy == 0 and models.rows.rowCount() > 0
    operator.step = "another model is refused while it is in force"
    operator.key("Z")
    yield from give_reason(operator, "only trying")
    yield lambda: "New recipe" in _told(operator)
    seen["refused"] = _told(operator)
    seen["judges"] = judges(operator)


def after_the_restart(operator: Operator, _beside: Path, seen: Seen) -> Script:
    """The same product, recipe and model, and the line runs; the window opens on the page of last time."""
    yield from go_to(operator, "Ctrl+1", LivePage)
    yield from running(operator)
    operator.step = "read what judges"
    yield lambda: "New recipe" in judges(operator)
    seen["judges again"] = judges(operator)


def _told(operator: Operator) -> str:
    """What the notices say, on the window and in its dialogs."""
    said = [f"{n.message} {n.remedy}" for n in operator.window.notices.notices if "New recipe" in n.message + n.remedy]
    return " ".join(said) or " ".join(label.text() for label in operator.all(QLabel) if "refused" in label.text())
