"""`lineside models`, `export` and `verify`: what is kept, and taking it elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from db.commands.bring_in import add_import_options, bring_in
from db.commands.opened import opened
from db.datasets.export import export
from db.datasets.writers import Format
from db.inspections.table import Filter
from db.maintenance.verify import verify
from db.models.foreign import register_tried
from db.models.registry import ModelVersion, activate, find, list_models, rollback
from db.products.acts import add_model
from db.products.first import known_product, product_of
from db.products.shelf import Product, list_products
from db.store.session import Database, existing
from engine.errors import InputError, PackageError, UsageError
from engine.names import name_of
from engine.packages.package import open_package
from engine.settings import load_settings
from engine.system.places import database_url


def add_models_arguments(models: argparse.ArgumentParser) -> None:
    """Declare what `lineside models` takes."""
    models.add_argument("action", choices=["list", "import", "activate", "rollback"])
    models.add_argument(
        "package",
        nargs="?",
        default="",
        help="package folder or zip; import: also .onnx, .xml; activate: also a version",
    )
    add_product_option(models)
    models.add_argument("--db", default="", metavar="URL")
    models.add_argument("--operator", default="", type=name_of, help="who decides")
    models.add_argument("--why", default="", type=name_of, help="why, for the record")
    add_import_options(models)


def add_export_arguments(out: argparse.ArgumentParser) -> None:
    """Declare what `lineside export` takes."""
    add_product_option(out)
    out.add_argument("--db", default="", metavar="URL")
    out.add_argument("--out", required=True, metavar="DIR")
    out.add_argument("--format", default="lineside", choices=get_args(Format))


def add_product_option(parser: argparse.ArgumentParser) -> None:
    """`--product`, for what is kept of one."""
    parser.add_argument("--product", default="", metavar="NAME", help="by its name; default: the one worked on last")


def run_models(args: argparse.Namespace) -> int:
    """List, import, activate or roll back model versions."""
    db = opened(args.db or database_url())
    try:
        match args.action:
            case "list":
                _list(db, _known(db, args))
            case "import":
                version = bring_in(db, Path(_needed(args)), args)
                product = _product(db, args, version, brought=True)
                add_model(db, product.id, version.version, args.operator)
                print(f"Registered {version.name} {version.version} as {version.state} for {product.name}.")
            case "activate":
                _activate(db, _needed(args), args)
            case "rollback":
                version = rollback(db, args.operator, args.why, _known(db, args))
                print(f"Active again: {version.name} {version.version}.")
    finally:
        db.close()
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Export the corrected parts as a data set."""
    db = opened(existing(args.db or database_url()))
    try:
        product = known_product(db, args.product, load_settings())
        report = export(db, Path(args.out), args.format, Filter(products=product.on_record if product else None))
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


def _product(db: Database, args: argparse.Namespace, model: ModelVersion, *, brought: bool) -> Product:
    """The one asked for, else the one worked on last; of a station that has nothing yet, one called like the model.

    A package that says whose parts it was trained for is `brought` in for that product, where it is here. Raises
    InputError where such a model is to judge another one and nobody named that.
    """
    made_for = open_package(model.folder).manifest.lineage.product
    theirs = next((product for product in list_products(db) if made_for and product.is_called(made_for)), None)
    if args.product or theirs is None or theirs.retired:
        if made_for and theirs is None and not args.product:
            print(f"It was trained for the product {made_for!r}, which is not here.")
        return product_of(db, args.product, load_settings(), model.name)
    now = theirs if brought else product_of(db, "", load_settings(), model.name)
    if now.id != theirs.id:
        raise InputError(
            f"{model.version} was trained for the product {theirs.name!r}, and {now.name!r} was worked on last.",
            "Say with --product which of them it is to judge.",
        )
    return now


def _known(db: Database, args: argparse.Namespace) -> str:
    product = known_product(db, args.product, load_settings())
    return product.id if product is not None else ""


def _list(db: Database, product: str) -> None:
    models = list_models(db, product)
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
    product = _product(db, args, find(db, version), brought=False)
    activate(db, version, args.operator, args.why, product.id)
    print(f"Active for {product.name}: {version}.")
    print("A line that runs on this product takes it over within seconds; the next start uses it.")


def _find(db: Database, wanted: str) -> str:
    found = [m.version for m in list_models(db) if m.version.startswith(wanted) or m.name == wanted]
    if len(found) != 1:
        raise PackageError(f"{wanted} names {len(found)} registered models.", "See `lineside models list`.")
    return found[0]


def _needed(args: argparse.Namespace) -> str:
    if not args.package:
        raise UsageError(f"`lineside models {args.action}` needs a package or version.", "Add it at the end.")
    return str(args.package)
