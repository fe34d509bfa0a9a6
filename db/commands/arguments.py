"""What `lineside run` and `lineside scan` are told on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.names import name_of
from engine.system.numbers import number, whole

JUDGED_FOR = ("production", "set-up", "trial")


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Of a run of the line."""
    parser.add_argument("--source", default="", metavar="URI", help="source; default: the one the window used last")
    parser.add_argument("--frames", type=whole, metavar="N", help="stop after N inspections")
    how = "what its parts are judged for; only production counts as made (the demo line's are simulated)"
    parser.add_argument("--as", dest="judged_as", default="production", choices=JUDGED_FOR, help=how)
    parser.add_argument("--trigger-every", type=number, metavar="S", help="fire the software trigger every S seconds")
    parser.add_argument("--lot", default="", type=name_of, help="lot written to every inspection")
    parser.add_argument("--operator", default="", type=name_of, help="operator written to every inspection")
    parser.add_argument("--db", default="", metavar="URL", help="database; default: the one in the data folder")
    _judging_options(parser)


def add_scan_arguments(parser: argparse.ArgumentParser) -> None:
    """Of a scan."""
    parser.add_argument("input", metavar="INPUT", help="folder, video or demo:?count=N")
    parser.add_argument("--db", default="", metavar="URL", help="record into this database too")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the scan of this folder into --db that stopped before its end; nothing is judged twice",
    )
    parser.add_argument("--report", type=Path, metavar="DIR", help="write report.html and inspections.csv")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write counts, and every file left out, as one object"
    )
    how = "of inspections.csv; semicolon: with a decimal comma, as a German Excel opens it"
    parser.add_argument("--separator", default="comma", choices=["comma", "semicolon"], help=how)
    _judging_options(parser)


def _judging_options(parser: argparse.ArgumentParser) -> None:
    how = "product, by its name; default: the recipe's, else the one the station worked on last"
    parser.add_argument("--product", default="", metavar="NAME", help=how)
    parser.add_argument("--model", default="", metavar="PKG", help="package, version or name; default: active one")
    parser.add_argument("--recipe", default="", metavar="FILE", help="recipe file (TOML); default: the product's")
    parser.add_argument("--no-review", action="store_true", help="no review band: every part is OK or NG")
    parser.add_argument("--jsonl", type=Path, metavar="FILE", help="one JSON line an inspection (docs/jsonl.md)")
    parser.add_argument("--save", default="", choices=["", "all", "defects", "none"], help="which pictures to archive")
