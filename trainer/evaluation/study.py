"""A data set judged thoroughly: all figures with their intervals, the mistakes as pictures, robustness; and the page.

Needs no torch. `Study.figures` holds every key of `trainer.evaluation.evaluate.evaluate`, unchanged, and further ones
(docs/study.md).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine.backends.openvino import Precision
from engine.domain.inspection import utc_now
from engine.domain.recipe import Recipe
from engine.errors import UsageError
from engine.packages.package import ModelPackage
from engine.recipes.file import default_recipe, with_product, without_review
from engine.system.numbers import number
from trainer.evaluation.evaluate import JudgedSample, evaluated, json_line
from trainer.evaluation.figures import further_figures
from trainer.evaluation.mistakes import Gallery
from trainer.evaluation.page import Picture, StudyPage
from trainer.evaluation.robustness import Robustness, example_pictures, robustness
from trainer.evaluation.sections import cautions, facts, headlines, sections, summary
from trainer.evaluation.sheet import Sheet, sheet_of
from trainer.formats.samples.dataset import Dataset
from trainer.thresholds.operating import Cost

Progress = Callable[[int, int], None] | None


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What a thorough evaluation came to."""

    package: ModelPackage
    dataset: Dataset
    recipe: Recipe
    figures: dict[str, Any]
    sheet: Sheet
    mistakes: Gallery
    cost: Cost | None
    robustness: Robustness | None
    examples: tuple[Picture, ...]
    """One picture under every condition."""


def study(
    package: ModelPackage,
    dataset: Dataset,
    *,
    recipe: Recipe | None = None,
    product: str = "",
    part: str = "",
    threads: int = 0,
    precision: Precision = "auto",
    cost: Cost | None = None,
    disturbed: bool = False,
    line: Callable[[str], None] | None = None,
    progress: Progress = None,
) -> Study:
    """Judge the data set; `disturbed`: also under every condition of evaluation.disturb, thirteen times the work.

    `product`: whose parts they are, by its name; else the recipe's. `cost`: what an escape and a false reject cost;
    without, the page shows an example. Raises as `evaluate` does.
    """
    used = recipe or without_review(default_recipe(package))
    used = with_product(used, product or used.product)
    mistakes = Gallery(package.manifest.class_names, used.ok_classes)
    judge = partial(evaluated, package, dataset, used, station=recipe, part=part, threads=threads)
    found = judge(precision=precision, seen=_seen(mistakes, package, used, line), progress=progress)
    sheet = sheet_of(found, package)
    figures = {**found.figures, **further_figures(sheet, used, cost), "product": used.product}
    worse: Robustness | None = None
    examples: tuple[Picture, ...] = ()
    if disturbed:
        samples = [j.sample for j in found.judged]
        worse = robustness(
            package, dataset, samples, recipe=used, threads=threads, precision=precision, progress=progress
        )
        figures["robustness"] = worse.plain()
        examples = example_pictures(samples, dataset, used)
    return Study(package, dataset, used, figures, sheet, mistakes, cost, worse, examples)


def _seen(
    mistakes: Gallery, package: ModelPackage, recipe: Recipe, line: Callable[[str], None] | None
) -> Callable[[JudgedSample, str], None]:
    """What becomes of every judged picture as it comes."""

    def seen(judged: JudgedSample, truth: str) -> None:
        mistakes.see(judged, truth)
        if line is not None:
            line(json_line(judged, truth, package, recipe))

    return seen


def page_of(found: Study) -> StudyPage:
    """The page of a study; reads the pictures of the mistakes again."""
    manifest = found.package.manifest
    return StudyPage(
        title=f"{manifest.name} on {found.dataset.id}",
        made_at=utc_now(),
        summary=summary(found.sheet, found.figures),
        cautions=cautions(found.sheet, found.figures, found.recipe),
        headlines=headlines(found.figures),
        facts=facts(found.package, found.recipe, found.figures),
        sections=sections(
            found.package,
            found.recipe,
            found.sheet,
            found.figures,
            found.mistakes,
            found.cost,
            found.robustness,
            found.examples,
        ),
    )


def add_study_arguments(parser: argparse.ArgumentParser) -> None:
    """What `lineside evaluate` takes for the report."""
    parser.add_argument("--report", metavar="FILE", help="write everything as one HTML page (docs/study.md)")
    parser.add_argument("--robustness", action="store_true", help="judge under worse light, focus, noise, … too")
    parser.add_argument("--cost", metavar="E:R", help="what an escape and a false reject cost, as 100:1")


def check_report(path: Path) -> None:
    """Before the work: whether the page can be written there. Raises UsageError."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", "Name the report's file, as report.html.")


def cost_of(text: str | None) -> Cost | None:
    """`ESCAPE:OVERKILL` as costs; None for none. Raises UsageError."""
    if text is None:
        return None
    try:
        escape, reject = (number(part) for part in text.split(":"))
    except (ValueError, argparse.ArgumentTypeError) as error:
        raise UsageError(f"{text[:40]!r} is no pair of costs.", "Give an escape's and a reject's, as 100:1.") from error
    if min(escape, reject) < 0.0 or not max(escape, reject):
        raise UsageError("The costs must be numbers from 0 on, and not both 0.", "Give them as 100:1.")
    return Cost(escape, reject)
