"""`lineside models`, `export` and `verify`: what is kept, and taking it elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from db.commands.bring_in import bring_in
from db.commands.opened import opened
from db.datasets.export import export
from db.maintenance.verify import verify
from db.models.foreign import register_tried
from db.models.registry import activate, list_models, rollback
from db.store.session import Database, existing
from engine.errors import PackageError, UsageError
from engine.names import name_of
from engine.packages.package import open_package
from engine.system.places import database_url


def run_models(args: argparse.Namespace) -> int:
    """List, import, activate or roll back model versions."""
    db = opened(args.db or database_url())
    try:
        match args.action:
            case "list":
                _list(db)
            case "import":
                version = bring_in(db, Path(_needed(args)), args)
                print(f"Registered {version.name} {version.version} as {version.state}.")
            case "activate":
                _activate(db, _needed(args), args)
            case "rollback":
                version = rollback(db, args.operator, args.why)
                print(f"Active again: {version.name} {version.version}.")
    finally:
        db.close()
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Export the corrected parts as a data set."""
    db = opened(existing(args.db or database_url()))
    try:
        report = export(db, Path(args.out), args.format)
    finally:
        db.close()
    labels = ", ".join(f"{label} {count}" for label, count in sorted(report.by_label.items()))
    print(f"Exported {report.items} corrected parts to {name_of(report.folder)}: {labels or 'none'}.")
    for inspection, reason in report.skipped:
        print(f"Left out {inspection}: {reason}")
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Check the database, the archived pictures and the registered models."""
    db = opened(existing(args.db or database_url()))
    try:
        problems = list(verify(db))
        for model in list_models(db):
            try:
                open_package(model.folder)
            except PackageError as error:
                problems.append(str(error))
    finally:
        db.close()
    for problem in problems:
        print(problem)
    print("Everything kept is whole." if not problems else f"{len(problems)} problems found.")
    return 3 if problems else 0


def _list(db: Database) -> None:
    models = list_models(db)
    if not models:
        print("No model is registered yet; the station starts with the shipped demo model.")
    for model in models:
        figures = " ".join(
            f"{key} {model.metrics[key]:.4f}" for key in ("accuracy", "ap") if isinstance(model.metrics.get(key), float)
        )
        print(f"{model.version}  {model.state:<9}  {model.kind:<10}  {model.name:<24}  {figures}".rstrip())


def _activate(db: Database, wanted: str, args: argparse.Namespace) -> None:
    path = Path(wanted)
    version = register_tried(db, path, args.operator).version if path.exists() else _find(db, wanted)
    activate(db, version, args.operator, args.why)
    print(f"Active: {version}. A running window takes it over when you activate it there; the next start uses it.")


def _find(db: Database, wanted: str) -> str:
    found = [m.version for m in list_models(db) if m.version.startswith(wanted) or m.name == wanted]
    if len(found) != 1:
        raise PackageError(f"{wanted} names {len(found)} registered models.", "See `lineside models list`.")
    return found[0]


def _needed(args: argparse.Namespace) -> str:
    if not args.package:
        raise UsageError(f"`lineside models {args.action}` needs a package or version.", "Add it at the end.")
    return str(args.package)
