"""What the trainer's commands take on the command line; `thresholds` declares its own. Needs no torch."""

from __future__ import annotations

import argparse

from engine.names import short_name
from engine.system.numbers import number, whole
from trainer.config import preset_names
from trainer.evaluation.evaluate import PARTS
from trainer.evaluation.study import add_study_arguments
from trainer.formats.detect import FORMATS, OK

METRICS = ("macro_f1", "ap", "accuracy", "loss")
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
    _without_label(parser)
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="change a preset's setting; repeatable")
    parser.add_argument("--weights", metavar="W", help="imagenet, none, or a torchvision state dict's file")
    parser.add_argument("--from", dest="parent", metavar="PKG", help="fine-tune this model package")
    parser.add_argument("--challenge", metavar="DIR", help="known parts whose figures go into the package")
    _product(parser)
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
    _without_label(parser)
    parser.add_argument("--recipe", metavar="FILE", help="judge by this recipe instead of the package's own limits")
    parser.add_argument(
        "--product", default="", type=short_name, metavar="NAME", help="whose parts; default: the recipe's"
    )
    parser.add_argument("--part", default="", metavar="P", help=f"only this part: {', '.join(PARTS)}")
    parser.add_argument("--ok-classes", default="", metavar="A,B", help="names of the sound classes")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--jsonl", metavar="FILE", help="write one JSON line a picture")
    parser.add_argument("--threads", type=whole, default=0, metavar="N", help="CPU threads; 0 = all cores")
    parser.add_argument(
        "--precision",
        choices=("auto", "f32", "bf16", "int8"),
        default="auto",
        help="auto: as scan; f32: alike on every CPU",
    )
    add_study_arguments(parser)


def add_learn_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside learn` takes."""
    _describe(parser, "lineside learn parts/ --out models/parts\n  lineside learn parts/ --good-only --out usual")
    parser.add_argument("dataset", metavar="DATASET", help="a data set's folder, or demo:?seed=1&count=300")
    parser.add_argument("--format", default="", metavar="F", help=f"how the data set is laid out: {', '.join(FORMATS)}")
    _without_label(parser)
    parser.add_argument("--ok-classes", default="", metavar="A,B", help="names of the sound classes")
    parser.add_argument("--good-only", action="store_true", help="what is usual, from the sound pictures alone")
    parser.add_argument("--from", dest="parent", metavar="PKG", help="teach what this package was taught too")
    _product(parser)
    parser.add_argument(
        "--recall", type=number, metavar="R", help="a limit so low that this share of defects is caught"
    )
    parser.add_argument("--cost", metavar="E:R", help="the limit where an escape and a reject cost least, as 100:1")
    parser.add_argument("--threads", type=whole, default=0, metavar="N", help="CPU threads; 0 = all cores")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON, with evaluate's keys")
    parser.add_argument("--jsonl", action="store_true", help="JSON events on stdout, as train's")
    parser.add_argument("--out", required=True, metavar="PKG", help="folder of the model package to write")


def add_combine_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside combine` takes."""
    _describe(parser, "lineside combine models/a models/b models/c --weights 2,1,1 --out models/together")
    parser.add_argument("packages", nargs="+", metavar="PKG", help="model packages with the same classes, two or more")
    parser.add_argument("--weights", default="", metavar="W,W", help="how much each one's scores weigh; default: alike")
    parser.add_argument("--ng-at", type=number, metavar="P", help="threshold; default: weighted mean of the members'")
    parser.add_argument("--out", required=True, metavar="PKG", help="folder of the model package to write")


def add_quantise_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside quantise` takes."""
    _describe(parser, "lineside quantise models/castings parts/train --out models/castings-int8")
    parser.add_argument("package", metavar="PKG", help="the model package, folder or zip")
    parser.add_argument("dataset", metavar="DATASET", help="the data set it was trained on, or pictures of such parts")
    parser.add_argument("--format", default="", metavar="F", help=f"one of {', '.join(FORMATS)}")
    _without_label(parser)
    parser.add_argument("--part", default="train", choices=PARTS, help="what to calibrate with; default: train")
    parser.add_argument("--ok-classes", default="", metavar="A,B", help="names of the sound classes")
    parser.add_argument("--out", required=True, metavar="PKG", help="folder of the model package to write")


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside data inspect` takes."""
    _describe(parser, "lineside data inspect parts/ --sheet parts.png")
    parser.add_argument("action", choices=("inspect",), help="what to do")
    parser.add_argument("dataset", metavar="DATASET", help="a data set's folder, or demo:?seed=1&count=3000")
    parser.add_argument("--format", default="", metavar="F", help=f"one of {', '.join(FORMATS)}")
    parser.add_argument("--ok-classes", default="", metavar="A,B", help="names of the sound classes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--sheet", default="", metavar="FILE", help="write a contact sheet of every class (PNG)")


def add_tune_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside tune` takes."""
    _describe(parser, "lineside tune parts/ --preset severstal-resnet50 --trials 5 --out tuning")
    _training_arguments(parser, preset_needed=True)
    parser.add_argument(
        "--trials", type=whole, default=5, metavar="N", help="trials in all, those done before included"
    )
    parser.add_argument("--epochs", type=whole, metavar="N", help="epochs a trial; default: the preset's")
    parser.add_argument("--space", metavar="FILE", help="search space (TOML); default: the published one")
    parser.add_argument("--metric", choices=METRICS, default="macro_f1", help="what a trial is judged by")
    parser.add_argument("--out", required=True, metavar="DIR", help="study.db, best.toml, trials.csv, study.html")
    _separator(parser, "trials.csv")


def add_distil_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside distil` takes."""
    _describe(parser, "lineside distil models/together parts/ --out models/small")
    parser.add_argument("package", metavar="PKG", help="the teacher: any model package, folder or zip")
    _training_arguments(parser, preset_needed=False)
    parser.add_argument("--student", default="mobilenet_v3_small", metavar="A", help="a classifier's architecture")
    parser.add_argument("--temperature", type=number, default=3.0, metavar="T", help="softens the teacher's scores")
    parser.add_argument(
        "--alpha", type=number, default=0.7, metavar="A", help="weight of the teacher, 0…1; labels: rest"
    )
    _product(parser)
    parser.add_argument("--unlabelled", action="store_true", help="DATASET holds pictures without labels")
    parser.add_argument("--run", metavar="DIR", help="folder for the checkpoint; by default one under the data folder")
    parser.add_argument("--out", required=True, metavar="PKG", help="folder of the model package to write")


def add_label_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside label` takes."""
    _describe(parser, "lineside label new-pictures/ --model models/castings --floor 0.98 --out labelled")
    parser.add_argument("input", metavar="DIR", help="folder of pictures without labels")
    parser.add_argument("--model", required=True, metavar="PKG", help="the model package that labels")
    parser.add_argument("--recipe", metavar="FILE", help="judge by this recipe instead of the package's own limits")
    parser.add_argument(
        "--floor", type=number, default=0.95, metavar="P", help="least confidence of a label; default 0.95"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="new folder: data set, review.csv, review.html")
    _separator(parser, "review.csv")


def add_crossval_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside crossval` takes."""
    _describe(parser, "lineside crossval parts/ --preset lineside-segdec --folds 3 --seeds 1,2,3 --out folds")
    _training_arguments(parser, preset_needed=True)
    parser.add_argument(
        "--folds", type=whole, default=0, metavar="K", help="how many folds; default: the preset's, or 5"
    )
    parser.add_argument("--seeds", default="", metavar="A,B", help="repeat with these seeds; the folds stay the same")
    parser.add_argument("--out", required=True, metavar="DIR", help="one package a fold and seed, and figures.json")


def _training_arguments(parser: argparse.ArgumentParser, *, preset_needed: bool) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="a data set's folder, or demo:?seed=1&count=3000")
    default = None if preset_needed else "distil"
    parser.add_argument(
        "--preset",
        required=preset_needed,
        default=default,
        metavar="NAME",
        help=f"one of {', '.join(preset_names())}, or a .toml file",
    )
    parser.add_argument("--format", default="", metavar="F", help=f"how the data set is laid out: {', '.join(FORMATS)}")
    _without_label(parser)
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="change a preset's setting; repeatable")
    parser.add_argument("--weights", default="", metavar="W", help="imagenet, none, or a torchvision state dict's file")
    parser.add_argument("--jsonl", action="store_true", help="JSON events on stdout, also on a terminal")


def _product(parser: argparse.ArgumentParser) -> None:
    how = "whose parts it judges, kept in the package; default: that of the model it begins with"
    parser.add_argument("--product", default="", type=short_name, metavar="NAME", help=how)


def _separator(parser: argparse.ArgumentParser, file: str) -> None:
    text = f"of {file}; semicolon: with a decimal comma, as a German Excel opens it"
    parser.add_argument("--separator", default="comma", choices=["comma", "semicolon"], help=text)


def _without_label(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--without-label",
        nargs="?",
        default="",
        const="",
        metavar=OK,
        help=f"{OK}: a picture without a label is sound, even while some labels are not used (see data inspect)",
    )


def _describe(parser: argparse.ArgumentParser, example: str) -> None:
    parser.epilog = f"example:\n  {example}\n"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
