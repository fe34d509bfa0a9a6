"""The trainer's commands that need no torch, and the arguments of all of them. `train` itself is trainer.runs.train."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from engine.packages.package import open_package
from engine.recipes.file import load_recipe
from engine.system.files import write_atomically
from trainer.config import preset_names
from trainer.data.inspect.command import check_sheet, in_words, inspect_dataset, report, write_sheet
from trainer.evaluation.evaluate import PARTS
from trainer.evaluation.page import write_study
from trainer.evaluation.robustness import robustness_words
from trainer.evaluation.study import add_study_arguments, check_report, cost_of, page_of, study
from trainer.formats.detect import FORMATS, open_dataset
from trainer.runtime.progress import meter

TRAIN_EXAMPLE = """example:
  lineside train parts/ --preset casting-fast --weights imagenet --out models/castings
  lineside train "demo:?seed=1&count=3000" --preset demo-segdec --set epochs=8 --out models/demo
  lineside train export/ --from models/demo --preset finetune --out models/demo-2
  lineside train --resume RUN --out models/demo-2
"""


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside train` takes."""
    parser.epilog = TRAIN_EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("dataset", nargs="?", metavar="DATASET", help="a data set's folder, or demo:?seed=1&count=3000")
    parser.add_argument("--preset", metavar="NAME", help=f"one of {', '.join(preset_names())}")
    parser.add_argument("--format", metavar="F", help=f"how the data set is laid out: {', '.join(FORMATS)}")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="change a preset's setting; repeatable")
    parser.add_argument("--weights", metavar="W", help="imagenet, none, or a torchvision state dict's file")
    parser.add_argument("--from", dest="parent", metavar="PKG", help="fine-tune this model package")
    parser.add_argument("--challenge", metavar="DIR", help="known parts whose figures go into the package")
    parser.add_argument("--resume", metavar="RUN", help="go on with an interrupted run (its folder)")
    parser.add_argument("--run", metavar="DIR", help="folder for the checkpoint; by default one under the data folder")
    parser.add_argument("--jsonl", action="store_true", help="JSON events on stdout, also on a terminal")
    parser.add_argument("--out", metavar="PKG", help="folder of the model package to write")


def add_evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside evaluate` takes."""
    parser.epilog = (
        "example:\n  lineside evaluate models/castings parts/test --json figures.json --jsonl lines.jsonl\n"
        "  lineside evaluate models/castings parts/test --report castings.html --robustness --cost 100:1\n"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("package", metavar="PKG", help="the model package, folder or zip")
    parser.add_argument("dataset", metavar="DATASET", help="a data set's folder, or demo:?seed=9&count=500")
    parser.add_argument("--format", default="", metavar="F", help=f"one of {', '.join(FORMATS)}")
    parser.add_argument("--recipe", metavar="FILE", help="judge by this recipe instead of the package's own limits")
    parser.add_argument("--part", default="", metavar="P", help=f"only this part: {', '.join(PARTS)}")
    parser.add_argument("--ok-classes", default="", metavar="A,B", help="names of the sound classes")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--jsonl", metavar="FILE", help="write one JSON line a picture")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="CPU threads; 0 = all cores")
    parser.add_argument(
        "--precision",
        choices=("auto", "f32", "bf16", "int8"),
        default="auto",
        help="auto: as scan; f32: alike on every CPU",
    )
    add_study_arguments(parser)


def add_combine_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside combine` takes."""
    parser.epilog = "example:\n  lineside combine models/a models/b models/c --weights 2,1,1 --out models/together\n"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("packages", nargs="+", metavar="PKG", help="model packages with the same classes, two or more")
    parser.add_argument("--weights", default="", metavar="W,W", help="how much each one's scores weigh; default: alike")
    parser.add_argument("--ng-at", type=float, metavar="P", help="threshold; default: weighted mean of the members'")
    parser.add_argument("--out", required=True, metavar="PKG", help="folder of the model package to write")


def add_quantise_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside quantise` takes."""
    parser.epilog = "example:\n  lineside quantise models/castings parts/train --out models/castings-int8\n"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("package", metavar="PKG", help="the model package, folder or zip")
    parser.add_argument("dataset", metavar="DATASET", help="the data set it was trained on, or pictures of such parts")
    parser.add_argument("--format", default="", metavar="F", help=f"one of {', '.join(FORMATS)}")
    parser.add_argument("--part", default="train", choices=PARTS, help="what to calibrate with; default: train")
    parser.add_argument("--ok-classes", default="", metavar="A,B", help="names of the sound classes")
    parser.add_argument("--out", required=True, metavar="PKG", help="folder of the model package to write")


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside data inspect` takes."""
    parser.epilog = "example:\n  lineside data inspect parts/ --sheet parts.png\n"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("action", choices=("inspect",), help="what to do")
    parser.add_argument("dataset", metavar="DATASET", help="a data set's folder, or demo:?seed=1&count=3000")
    parser.add_argument("--format", default="", metavar="F", help=f"one of {', '.join(FORMATS)}")
    parser.add_argument("--ok-classes", default="", metavar="A,B", help="names of the sound classes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--sheet", default="", metavar="FILE", help="write a contact sheet of every class (PNG)")


def run_evaluate(args: argparse.Namespace) -> int:
    """Judge a data set and print its figures. Raises LinesideError."""
    package = open_package(Path(args.package))
    dataset = open_dataset(args.dataset, args.format, _names(args.ok_classes))
    recipe = load_recipe(Path(args.recipe), package) if args.recipe else None
    cost = cost_of(args.cost)
    if args.report:
        check_report(Path(args.report))
    lines: list[str] = []
    found = study(
        package,
        dataset,
        recipe=recipe,
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
    dataset = open_dataset(args.dataset, args.format, _names(args.ok_classes))
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
    if "map" in figures:
        place = figures["map"]
        rows.append(
            ("map", f"points at {place['pointed']} of {place['of']} drawn defects, mean IoU {place['iou']:.2f}")
        )
    rows.append(("ms a picture", f"{figures['milliseconds']:.1f}"))
    lines = [f"{name:<14}{value}" for name, value in rows]
    lines.append(f"\n{'class':<22}{'precision':>10}{'recall':>10}{'F1':>10}{'support':>10}")
    for name, c in figures["per_class"].items():
        lines.append(f"{name:<22}{c['precision']:>10.4f}{c['recall']:>10.4f}{c['f1']:>10.4f}{c['support']:>10}")
    if "robustness" in figures:
        lines += ["", *robustness_words(figures["robustness"])]
    return "\n".join(lines)


def _between(value: float | None, interval: list[float] | None) -> str:
    return _figure(value) + ("" if interval is None else f" ({interval[0]:.4f} to {interval[1]:.4f})")


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"
