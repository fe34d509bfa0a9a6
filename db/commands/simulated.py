"""`lineside simulated`: how many simulated parts a database holds, and removing them."""

from __future__ import annotations

import argparse
from contextlib import closing

from db.commands.opened import opened
from db.maintenance.simulated import remove_simulated, simulated
from db.store.session import existing
from engine.errors import StorageError
from engine.names import name_of
from engine.settings import load_settings
from engine.system.places import database_url


def add_simulated_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `lineside simulated`."""
    parser.add_argument("--remove", action="store_true", help="remove them, their pictures and what was said of them")
    parser.add_argument("--db", default="", metavar="URL", help="database; default: the one in the data folder")
    parser.add_argument("--operator", default="", type=name_of, help="who decides, for the record")


def run_simulated(args: argparse.Namespace) -> int:
    """Tell them, or remove them for good."""
    with closing(opened(existing(args.db or database_url()))) as db:
        if not args.remove:
            found = simulated(db)
            waiting = f" {found.waiting} of them wait for a person's decision." if found.waiting else ""
            print(f"{found.parts} simulated parts, {found.pictures} pictures, {found.words} words on them.{waiting}")
            return 0
        gone = remove_simulated(db, args.operator or load_settings().operator or "operator")
    size = f"{gone.bytes / 1e6:.1f} MB"
    print(f"Removed {gone.parts} simulated parts, {gone.pictures} pictures ({size}), {gone.words} words on them.")
    if gone.failed:
        _, why = gone.failed[0]
        raise StorageError(f"Some are still there: {why}", "Allow removing files there, then do it again.")
    return 0
