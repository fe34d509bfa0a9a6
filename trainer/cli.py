"""`lineside evaluate` and `lineside data`: the trainer's commands without a room of their own. Neither needs torch."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from engine.packages.package import open_package
from engine.recipes.file import load_recipe
from engine.system.files import write_atomically
from trainer.data.inspect.command import check_sheet, in_words, inspect_dataset, report, write_sheet
from trainer.evaluation.page import write_study
from trainer.evaluation.robustness import robustness_words
from trainer.evaluation.study import check_report, cost_of, page_of, study
from trainer.evaluation.tables import KINDS
from trainer.formats.detect import look_at_dataset, open_dataset
from trainer.runtime.progress import meter


def run_evaluate(args: argparse.Namespace) -> int:
    """Judge a data set and print its figures. Raises LinesideError."""
    package = open_package(Path(args.package))
    dataset = open_dataset(args.dataset, args.format, _names(args.ok_classes), args.without_label)
    recipe = load_recipe(Path(args.recipe), package) if args.recipe else None
    cost = cost_of(args.cost)
    if args.report:
        check_report(Path(args.report))
    lines: list[str] = []
    found = study(
        package,
        dataset,
        recipe=recipe,
        product=args.product,
        part=args.part,
        threads=args.threads,
        precision=args.precision,
        cost=cost,
        disturbed=args.robustness,
        line=lines.append if args.jsonl else None,
        progress=meter(sys.stderr, "pictures"),
    )
    if args.jsonl:
        write_atomically(Path(args.jsonl), ("\n".join(lines) + "\n").encode())
    if args.json:
        write_atomically(Path(args.json), json.dumps(found.figures, indent=2, ensure_ascii=False).encode())
    if args.report:
        write_study(Path(args.report), page_of(found))
    print(_table(found.figures))
    return 0


def run_data(args: argparse.Namespace) -> int:
    """Say what a data set holds and what is wrong with it. Raises LinesideError."""
    if args.sheet:
        check_sheet(Path(args.sheet))
    dataset = look_at_dataset(args.dataset, args.format, _names(args.ok_classes))
    looked = inspect_dataset(dataset, meter(sys.stderr, "pictures"))
    if args.sheet:
        write_sheet(looked, Path(args.sheet))
    print(json.dumps(report(looked), indent=2, ensure_ascii=False) if args.json else in_words(looked))
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    at = figures["intervals"]
    rows = [("pictures", str(figures["count"]))]
    rows += [(name, _between(figures[name], at[name])) for name in ("accuracy", "macro_f1", "kappa", "ap")]
    rows.append(("auroc", _between(figures["auroc"]["binary"], at["auroc"]["binary"])))
    rows.append(("threshold", _figure(figures["threshold"])))
    for name in ("escapes", "overkill"):
        share = figures[name]
        low, high = share["interval"]
        rows.append((name, f"{share['count']} of {share['of']} ({low:.1%} to {high:.1%})"))
    aside = figures["unknown"]
    if aside["defective"] or aside["sound"]:
        total = aside["defective"] + aside["sound"]
        said = f"{total} of {figures['count']}: {aside['defective']} defects, {aside['sound']} sound parts, set aside"
        rows.insert(0, ("unknown", said))
    if "map" in figures:
        place = figures["map"]
        rows.append(
            ("map", f"points at {place['pointed']} of {place['of']} drawn defects, mean IoU {place['iou']:.2f}")
        )
    rows.append(("ms a picture", f"{figures['milliseconds']:.1f}"))
    lines = [f"{name:<14}{value}" for name, value in rows]
    lines += _as_judged(figures["as_judged"])
    lines.append(f"\n{'class':<22}{'precision':>10}{'recall':>10}{'F1':>10}{'support':>10}")
    for name, c in figures["per_class"].items():
        lines.append(f"{name:<22}{c['precision']:>10.4f}{c['recall']:>10.4f}{c['f1']:>10.4f}{c['support']:>10}")
    if "robustness" in figures:
        lines += ["", *robustness_words(figures["robustness"])]
    return "\n".join(lines)


def _as_judged(judged: dict[str, Any]) -> list[str]:
    """All four verdicts, as the station gives them."""
    lines = ["", f"{'as the station judges':<22}" + "".join(f"{name:>12}" for name in judged["sound"])]
    for kind, name in KINDS.items():
        lines.append(f"{name:<22}" + "".join(f"{count:>12}" for count in judged[kind].values()))
    low, high = judged["escapes"]["interval"]
    if judged["says_little"]:
        lines.append(f"So few parts say little: of all defects {low:.0%} to {high:.0%} may escape.")
    return lines


def _between(value: float | None, interval: list[float] | None) -> str:
    return _figure(value) + ("" if interval is None else f" ({interval[0]:.4f} to {interval[1]:.4f})")


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"
