"""The command line: the window by default, sub-commands below. Parses and dispatches, decides nothing.

Imports happen at dispatch, so that a station without torch, or a server without Qt, starts.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import EnvironmentFailure, LinesideError
from engine.system.line_lock import stay_behind
from engine.system.logbook import OneLine, logbook
from engine.system.memory import keep_freed_memory
from engine.system.numbers import number, whole
from engine.system.places import home
from engine.system.terminal import ending_in_order, plain_text_streams

Command = Callable[[argparse.Namespace], int]
PAGES = ("live", "review", "scan", "models", "recipes", "reports", "settings", "camera", "teach-in")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 2 wrong use, 3 bad input, 4 environment, 130 interrupted."""
    multiprocessing.freeze_support()
    keep_freed_memory()
    plain_text_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    # Never where somebody else's process runs a command: it would step behind for good.
    if argv is None and words:
        stay_behind(words[0], home())
    try:
        with ending_in_order():
            return _done(words)
    except LinesideError as error:
        print(f"lineside: {error.message}" + (f" {error.remedy}" if error.remedy else ""), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def _done(words: list[str]) -> int:
    try:
        args = build_parser(words[0] if words else "").parse_args(words)
    except SystemExit as leave:
        return int(leave.code or 0)
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    console.setFormatter(OneLine("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[console], force=True)
    command: Command = args.command
    return command(args)


def build_parser(wanted: str = "") -> argparse.ArgumentParser:
    """The whole command line; long lists of options are only built for the command that has them."""
    parser = argparse.ArgumentParser(
        prog="lineside",
        description="Line-side visual inspection of metal surfaces. Without a sub-command: the window.",
        epilog="Example: lineside --demo",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    _window_options(parser)
    parser.set_defaults(command=_window)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _line_commands(commands, wanted)
    _keeping_commands(commands, wanted)
    _trainer_commands(commands, wanted)
    return parser


def _window_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--demo", action="store_true", help="the demo line, with a private data folder")
    parser.add_argument("--source", default="", metavar="URI", help="source to open, as `lineside sources` shows it")
    parser.add_argument("--model", default="", metavar="PKG", help="model package, version or name")
    parser.add_argument("--recipe", default="", metavar="FILE", help="recipe file (TOML)")
    how = "product, by its name; default: the recipe's, else the one the station worked on last"
    parser.add_argument("--product", default="", metavar="NAME", help=how)
    parser.add_argument("--db", default="", metavar="URL", help="database; default: the one in the data folder")
    parser.add_argument("--frames", type=whole, metavar="N", help="inspect N frames, then quit")
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="save the window's picture before quitting")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write report.html and inspections.csv at the end")
    parser.add_argument("--size", default="1280x720", metavar="WxH", help="window size for a screenshot")
    parser.add_argument("--page", default="live", choices=PAGES, help="page to show")
    parser.add_argument("--theme", default="", choices=["", "dark", "light", "contrast"], help="colours")


def _line_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], wanted: str) -> None:
    run = _command(commands, "run", "the station without a window", "lineside run --source demo: --frames 100", _run)
    _command(commands, "sources", "every source found, with the URI that opens it", "lineside sources", _sources)
    camera = _command(
        commands, "camera", "open a camera, set it, look", "lineside camera gige:GV01 --set exposure_us=4000", _camera
    )
    camera.add_argument("source", metavar="URI", help="as `lineside sources` shows it")
    camera.add_argument("--set", action="append", metavar="NAME=VALUE", help="a setting; may be given several times")
    camera.add_argument("--seconds", type=number, default=2.0, metavar="S", help="how long to look (default 2)")
    camera.add_argument("--snapshot", type=Path, metavar="FILE", help="save the last picture as PNG, in its own depth")
    scan = _command(
        commands,
        "scan",
        "judge a whole folder or video",
        "lineside scan parts/ --model bracket.zip --report out; after a crash: "
        "lineside scan parts/ --db sqlite:///scan.db --resume",
        _scan,
    )
    if wanted in {"run", "scan"}:
        from db.commands import arguments

        arguments.add_run_arguments(run)
        arguments.add_scan_arguments(scan)


def _keeping_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], wanted: str) -> None:
    models = _command(commands, "models", "list, import, activate, roll back", "lineside models list", _models)
    example = 'lineside products make "bracket 12" --operator ann'
    products = _command(commands, "products", "list, make, rename, retire, export, import", example, _products)
    if wanted == "products":
        from db.commands.products import add_product_arguments

        add_product_arguments(products)
    gate = _command(
        commands, "gate", "compare a new model with the one in use", "lineside gate 3f2a --json g.json", _gate
    )
    if wanted == "gate":
        from db.commands.gate import add_gate_arguments

        add_gate_arguments(gate)
    out = _command(commands, "export", "corrected parts as a data set", "lineside export --out corrections", _export)
    if wanted in {"models", "export"}:
        from db.commands import keep

        keep.add_models_arguments(models)
        keep.add_export_arguments(out)
    example = "lineside simulated --remove"
    made_up = _command(commands, "simulated", "count or remove the demo line's parts", example, _simulated)
    if wanted == "simulated":
        from db.commands.simulated import add_simulated_arguments

        add_simulated_arguments(made_up)
    check = _command(commands, "verify", "check database, pictures and models", "lineside verify", _verify)
    check.add_argument("--db", default="", metavar="URL")
    test = _command(
        commands, "selftest", "check that the station works on this machine", "lineside selftest", _selftest
    )
    test.add_argument("--record", action="store_true", help=argparse.SUPPRESS)


def _trainer_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], wanted: str) -> None:
    train = _command(
        commands, "train", "train a model", "lineside train corrections --preset finetune --out new", _train
    )
    example = "lineside learn parts/ --out parts-model"
    learn = _command(commands, "learn", "a model of a few labelled pictures, in seconds", example, _learn)
    evaluate = _command(
        commands, "evaluate", "figures of a model on a labelled data set", "lineside evaluate PKG data/test", _evaluate
    )
    example = "lineside thresholds lines.jsonl --cost 100:1 --recipe parts.toml"
    thresholds = _command(commands, "thresholds", "choose thresholds from an evaluation", example, _thresholds)
    if wanted == "thresholds":
        from trainer.thresholds.command import add_threshold_arguments

        add_threshold_arguments(thresholds)
    data = _command(commands, "data", "look at a data set", "lineside data inspect corrections", _data)
    combine = _command(commands, "combine", "one model of several", "lineside combine A B --out both", _combine)
    example = "lineside quantise PKG data/train --out PKG-int8"
    quantise = _command(commands, "quantise", "INT8, guard and calibration for a model", example, _quantise)
    _longer_trainer_commands(commands, wanted)
    if wanted in {"train", "learn", "evaluate", "data", "combine", "quantise"}:
        from trainer import arguments

        arguments.add_train_arguments(train)
        arguments.add_learn_arguments(learn)
        arguments.add_evaluate_arguments(evaluate)
        arguments.add_combine_arguments(combine)
        arguments.add_quantise_arguments(quantise)
        arguments.add_data_arguments(data)


def _longer_trainer_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], wanted: str) -> None:
    example = "lineside tune parts/ --preset severstal-resnet50 --out tuning"
    tune = _command(commands, "tune", "search for better training settings", example, _tune)
    distil = _command(
        commands, "distil", "a small model from a large one", "lineside distil PKG parts/ --out S", _distil
    )
    example = "lineside label new/ --model PKG --out labelled"
    label = _command(commands, "label", "label pictures with a model, for review", example, _label)
    example = "lineside crossval parts/ --preset lineside-segdec --folds 3 --out folds"
    crossval = _command(commands, "crossval", "train and judge every fold of a data set", example, _crossval)
    if wanted in {"tune", "distil", "label", "crossval"}:
        from trainer import arguments

        arguments.add_tune_arguments(tune)
        arguments.add_distil_arguments(distil)
        arguments.add_label_arguments(label)
        arguments.add_crossval_arguments(crossval)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str, example: str, command: Command
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text, epilog=f"Example: {example}")
    parser.set_defaults(command=command)
    return parser


def _window(args: argparse.Namespace) -> int:
    try:
        from gui.imports import plain_imports

        plain_imports()
        from gui.app import run_window
    except ImportError as error:
        raise EnvironmentFailure(
            f"The window cannot start: {error}.", "Install Lineside with PySide6 and its system libraries (see README)."
        ) from error

    with logbook(home() / "demo" if args.demo else home()):
        return run_window(args)


def _run(args: argparse.Namespace) -> int:
    from db.commands.run import run_line

    with logbook(home()):
        return run_line(args)


def _scan(args: argparse.Namespace) -> int:
    from db.commands.run import run_scan

    return run_scan(args)


def _sources(args: argparse.Namespace) -> int:
    from db.commands.camera import run_sources

    return run_sources(args)


def _camera(args: argparse.Namespace) -> int:
    from db.commands.camera import run_camera

    return run_camera(args)


def _models(args: argparse.Namespace) -> int:
    from db.commands.keep import run_models

    return run_models(args)


def _products(args: argparse.Namespace) -> int:
    from db.commands.products import run_products

    return run_products(args)


def _gate(args: argparse.Namespace) -> int:
    from db.commands.gate import run_gate

    return run_gate(args)


def _export(args: argparse.Namespace) -> int:
    from db.commands.keep import run_export

    return run_export(args)


def _simulated(args: argparse.Namespace) -> int:
    from db.commands.simulated import run_simulated

    return run_simulated(args)


def _verify(args: argparse.Namespace) -> int:
    from db.commands.keep import run_verify

    return run_verify(args)


def _selftest(args: argparse.Namespace) -> int:
    from gui.selftest import run_selftest

    return run_selftest(args)


def _train(args: argparse.Namespace) -> int:
    try:
        from trainer.runs.train import run_train
    except ImportError as error:
        raise _no_trainer(error) from error
    return run_train(args)


def _tune(args: argparse.Namespace) -> int:
    try:
        from trainer.tune.command import run_tune
    except ImportError as error:
        raise _no_trainer(error) from error
    return run_tune(args)


def _distil(args: argparse.Namespace) -> int:
    try:
        from trainer.runs.distil import run_distil
    except ImportError as error:
        raise _no_trainer(error) from error
    return run_distil(args)


def _crossval(args: argparse.Namespace) -> int:
    try:
        from trainer.runs.crossval import run_crossval
    except ImportError as error:
        raise _no_trainer(error) from error
    return run_crossval(args)


def _label(args: argparse.Namespace) -> int:
    from trainer.pseudo_labels.command import run_label

    return run_label(args)


def _combine(args: argparse.Namespace) -> int:
    try:
        from trainer.packaging.combine import run_combine
    except ImportError as error:
        raise _no_trainer(error) from error
    return run_combine(args)


def _no_trainer(error: ImportError) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"This installation has no trainer: {error}.", 'Install it with `pip install "lineside[train]"`.'
    )


def _learn(args: argparse.Namespace) -> int:
    from trainer.learn.command import run_learn

    return run_learn(args)


def _evaluate(args: argparse.Namespace) -> int:
    from trainer.cli import run_evaluate

    return run_evaluate(args)


def _quantise(args: argparse.Namespace) -> int:
    try:
        from trainer.packaging.complete import run_quantise
    except ImportError as error:
        raise _no_trainer(error) from error
    return run_quantise(args)


def _thresholds(args: argparse.Namespace) -> int:
    from trainer.thresholds.command import run_thresholds

    return run_thresholds(args)


def _data(args: argparse.Namespace) -> int:
    from trainer.cli import run_data

    return run_data(args)


class _Version(argparse.Action):
    """--version, read from the installed metadata when it is asked for: pyproject.toml alone spells it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"lineside {version('lineside')}")
        except PackageNotFoundError:
            parser.exit(4, "lineside is not installed, so its version is not known; run `make demo` once.\n")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
