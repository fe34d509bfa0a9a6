"""`lineside thresholds`: choose thresholds from the JSON lines of an evaluation, write them as a recipe file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.domain.inspection import Outcome, Severity, utc_now
from engine.errors import InputError, UsageError
from engine.names import name_of
from engine.recipes.file import RECIPE_SCHEMA
from engine.recipes.toml_text import toml_of
from engine.statistics.mistakes import Floats, Mistakes, Sweep
from engine.statistics.shares import Share
from engine.system import numbers
from engine.system.files import write_atomically
from engine.system.texts import text_of
from trainer.thresholds.operating import (
    Cost,
    OperatingPoint,
    by_cost,
    by_overkill,
    by_recall,
    neighbours,
    tradeoff_of,
)
from trainer.thresholds.page import Plot, write_operating_report

MAX_LINE_BYTES = 4 << 20
MAX_LINES = 2_000_000
Unit = Annotated[float, Field(ge=0.0, le=1.0)]
Bools = NDArray[np.bool_]


class Line(BaseModel):
    """What is read of one line of `lineside evaluate --jsonl`; the rest is passed over."""

    model_config = ConfigDict(allow_inf_nan=False)

    verdict: Outcome
    unknown: bool = False
    score: Unit
    scores: dict[str, Unit] = Field(max_length=1000)
    truth: str = Field(max_length=200)
    sound: bool | None = None
    model: str = Field("", max_length=300)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The judged pictures of one evaluation: N defect scores, N×K class scores, what each truly is."""

    scores: Floats
    table: Floats
    classes: tuple[str, ...]
    truth: tuple[str, ...]
    sound: Bools
    model: str
    unjudged: int
    """Pictures with NO VERDICT and unknown parts, which are left out: no threshold decides on them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The overall point, the points of the critical classes on their own scores, and what all of them give together."""

    overall: OperatingPoint
    critical: dict[str, OperatingPoint]
    curves: dict[str, Sweep]
    """Of the overall score under "", of each critical class under its name."""
    together: OperatingPoint


def add_threshold_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside thresholds` takes."""
    parser.epilog = (
        "example:\n"
        "  lineside evaluate models/castings parts/validation --jsonl lines.jsonl\n"
        "  lineside thresholds lines.jsonl --cost 100:1 --critical crack --recipe castings.toml\n"
        "Choose on other parts than the ones a figure is reported for.\n"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("evaluation", type=Path, metavar="EVALUATION", help="JSON lines of `lineside evaluate --jsonl`")
    rule = parser.add_mutually_exclusive_group(required=True)
    rule.add_argument(
        "--recall", type=numbers.number, metavar="R", help="find at least this share of the defects, as 0.99"
    )
    rule.add_argument(
        "--overkill", type=numbers.number, metavar="R", help="reject at most this share of sound parts, as 0.02"
    )
    rule.add_argument("--cost", metavar="E:R", help="least cost, with what an escape and a false reject cost, as 100:1")
    parser.add_argument(
        "--prevalence", type=numbers.number, metavar="P", help="share of defects on the line, for --cost"
    )
    parser.add_argument("--critical", action="append", default=[], metavar="CLASS", help="a critical class; repeatable")
    parser.add_argument(
        "--critical-recall",
        type=numbers.number,
        metavar="R",
        help="share of each critical class to find; default --recall or 1",
    )
    parser.add_argument("--ok-classes", default="", metavar="A,B", help="sound classes, where the lines do not tell")
    parser.add_argument("--name", default="", metavar="NAME", help="name of the recipe; default: the model's")
    parser.add_argument("--recipe", type=Path, metavar="OUT.toml", help="write the thresholds as a recipe file")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write operating.html with the curves")


def run_thresholds(args: argparse.Namespace) -> int:
    """Choose, print the point with its intervals and neighbours, write the recipe. Raises LinesideError."""
    found = read_evaluation(args.evaluation, _names(args.ok_classes))
    cost = _cost(args.cost, args.prevalence)
    curves = {"": tradeoff_of(~found.sound, found.scores)}
    overall = _overall(curves[""], args.recall, args.overkill, cost)
    recall = args.critical_recall if args.critical_recall is not None else args.recall or 1.0
    curves |= {name: _curve_of(found, name) for name in args.critical}
    critical = {name: by_recall(curve, recall, f"class {name}") for name, curve in curves.items() if name}
    choice = Choice(overall, critical, curves, _together(found, overall, critical))
    print(_words(found, choice, cost))
    if args.recipe is not None:
        write_atomically(args.recipe, recipe_text(found, choice, args.name).encode())
        print(f"\nWritten to {name_of(args.recipe)}.")
    if args.report is not None:
        title = f"Operating point of {found.model or 'the model'}"
        page = write_operating_report(
            args.report, title, _summary(choice), _warnings(choice), _plots(choice, cost), utc_now()
        )
        print(f"\nWritten to {name_of(page)}.")
    return 0


def read_evaluation(path: Path, ok_classes: Sequence[str] = ()) -> Evaluation:
    """Read an evaluation's JSON lines. Raises InputError naming the first line that is none."""
    lines: list[Line] = []
    unjudged = 0
    for number, line in _lines(path):
        if line.unknown or line.verdict is Outcome.NO_VERDICT:
            unjudged += 1
            continue
        if lines and (line.model, line.scores.keys()) != (lines[0].model, lines[0].scores.keys()):
            raise InputError(f"Line {number} of {path} is of another model than the first.", "Evaluate one model.")
        if line.sound is None and not ok_classes:
            raise InputError(f"Line {number} of {path} does not say whether the part is sound.", "Give --ok-classes.")
        lines.append(line)
    if not lines:
        raise InputError(f"{path} holds no judged picture.", "Give the file of `lineside evaluate --jsonl`.")
    classes = tuple(lines[0].scores)
    sound = [line.truth in ok_classes if ok_classes else bool(line.sound) for line in lines]
    return Evaluation(
        np.array([line.score for line in lines], np.float64),
        np.array([[line.scores[name] for name in classes] for line in lines], np.float64).reshape(-1, len(classes)),
        classes,
        tuple(line.truth for line in lines),
        np.array(sound, bool),
        lines[0].model,
        unjudged,
    )


def recipe_text(found: Evaluation, choice: Choice, name: str = "") -> str:
    """A recipe file with the chosen limits; everything else is left to the package."""
    model, _, version = found.model.rpartition(" ")
    at = choice.overall.threshold
    classes = [
        # Over the overall limit a limit of its own would say nothing.
        {"name": label, "severity": str(Severity.CRITICAL), "ng_at": min(at, point.threshold)}
        for label, point in choice.critical.items()
    ]
    document = {
        "schema": RECIPE_SCHEMA,
        "name": (name or model or "thresholds")[:100],
        "version": 1,
        "model": version,
        "limits": {"ng_at": at, "review": [at, at]},
        "classes": classes or None,
    }
    said = "".join(f"# {line}\n" for line in _summary(choice))
    return said + toml_of({key: value for key, value in document.items() if value is not None})


def _lines(path: Path) -> Iterator[tuple[int, Line]]:
    try:
        with path.open("rb") as file:
            for number in range(1, MAX_LINES + 2):
                raw = file.readline(MAX_LINE_BYTES + 1)
                if not raw:
                    return
                if len(raw) > MAX_LINE_BYTES or number > MAX_LINES:
                    raise InputError(f"{path} is too large at line {number}.", "Give an evaluation's JSON lines.")
                text = text_of(raw, f"Line {number} of {path}").strip()
                if text:
                    yield number, Line.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "its start"
        raise InputError(
            f"Line {number} of {path} is no line of an evaluation at {key}: {first['msg']}.",
            "Give the file of `lineside evaluate --jsonl`.",
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Give an evaluation's JSON lines.") from error


def _overall(curve: Sweep, recall: float | None, overkill: float | None, cost: Cost | None) -> OperatingPoint:
    if recall is not None:
        return by_recall(curve, recall)
    if overkill is not None:
        return by_overkill(curve, overkill)
    if cost is not None:
        return by_cost(curve, cost)
    raise UsageError("No rule is given.", "Give --recall, --overkill or --cost.")


def _curve_of(found: Evaluation, name: str) -> Sweep:
    """The curve of one class on its own score, against the sound parts."""
    if name not in found.classes:
        raise UsageError(f"The model has no class {name!r}.", f"Its classes are {', '.join(found.classes)}.")
    of_class = np.array([truth == name for truth in found.truth], bool) & ~found.sound
    if not of_class.any():
        raise InputError(f"The evaluation has no part with {name!r}.", "Add such parts, or leave --critical out.")
    rows = of_class | found.sound
    return tradeoff_of(of_class[rows], found.table[rows, found.classes.index(name)])


def _together(found: Evaluation, overall: OperatingPoint, critical: dict[str, OperatingPoint]) -> OperatingPoint:
    """The mistakes with every limit in force: NG is the defect score over its limit, or a critical class over its."""
    rejected = found.scores >= overall.threshold
    for name, point in critical.items():
        rejected |= found.table[:, found.classes.index(name)] >= point.threshold
    return OperatingPoint(overall.threshold, Mistakes.by_label(~found.sound, rejected), "all limits together")


def _cost(text: str | None, prevalence: float | None) -> Cost | None:
    if text is None:
        if prevalence is not None:
            raise UsageError("--prevalence is for --cost only.", "Leave it out, or give --cost.")
        return None
    escape, _, false_reject = text.partition(":")
    try:
        return Cost(numbers.number(escape), numbers.number(false_reject), prevalence)
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{text[:40]!r} is no pair of costs.", "Give an escape's and a reject's, as 100:1.") from error


def _words(found: Evaluation, choice: Choice, cost: Cost | None) -> str:
    known = choice.overall.mistakes
    head = f"{found.model or 'model'}: {known.defective.total} defects, {known.sound.total} sound parts"
    left_out = f", {found.unjudged} unknown or without a verdict left out" if found.unjudged else ""
    lines = [
        head + left_out,
        "",
        *_summary(choice),
        "",
        _row("", "threshold", "escapes", "overkill", "cost of 1000 parts" if cost else ""),
    ]
    for point in neighbours(choice.curves[""], choice.overall.threshold, cost=cost):
        lines.append(_point_row("→" if point.threshold == choice.overall.threshold else "", point))
    return "\n".join([*lines, *(f"\nCareful: {w}" for w in _warnings(choice))])


def _warnings(choice: Choice) -> list[str]:
    return list(
        dict.fromkeys(choice.together.warnings + tuple(w for p in choice.critical.values() for w in p.warnings))
    )


def _plots(choice: Choice, cost: Cost | None) -> list[Plot]:
    overall = Plot("All defects", "defect score", choice.curves[""], choice.overall, cost)
    return [
        overall,
        *(Plot(f"Critical: {n}", f"score of {n}", choice.curves[n], p) for n, p in choice.critical.items()),
    ]


def _summary(choice: Choice) -> list[str]:
    """The chosen limits in words, one line each."""
    lines = [f"NG from defect score {choice.overall.threshold:.6g}: {choice.overall.rule}."]
    for name, point in choice.critical.items():
        alone = _said(point.mistakes.escapes)
        lines.append(f"NG from {name} {point.threshold:.6g}: {point.rule}; by this limit alone {alone} escape.")
    both = choice.together.mistakes
    lines.append(f"Escapes {_said(both.escapes)}, overkill {_said(both.overkill)}.")
    return lines


def _point_row(mark: str, point: OperatingPoint) -> str:
    cost = "" if point.cost_per_1000 is None else f"{point.cost_per_1000:.2f}"
    escapes, overkill = _said(point.mistakes.escapes), _said(point.mistakes.overkill)
    return _row(mark, f"{point.threshold:.6f}", escapes, overkill, cost)


def _row(mark: str, threshold: str, escapes: str, overkill: str, cost: str) -> str:
    return f"{mark:<2}{threshold:>10}  {escapes:<32}{overkill:<32}{cost}".rstrip()


def _said(share: Share) -> str:
    low, high = share.interval
    return f"{share.count} of {share.of} ({low:.1%} to {high:.1%})"


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
