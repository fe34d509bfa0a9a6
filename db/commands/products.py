"""`lineside products`: what the station inspects, what judges each, and the acts on a product."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from db.carrying.pack import export_product
from db.carrying.unpack import import_product
from db.commands.opened import opened
from db.models.registry import active
from db.products.acts import make_product, rename, restore, retire
from db.products.first import known_product, product_of
from db.products.shelf import Product, find, list_products
from db.store.session import Database
from engine.errors import InputError, UsageError
from engine.names import name_of
from engine.recipes.file import read_head
from engine.settings import load_settings
from engine.system.places import database_url, home

ACTS = {"retire": (retire, "Retired"), "restore": (restore, "In use again")}


def add_product_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lineside products` takes."""
    actions = ["list", "make", "rename", "retire", "restore", "export", "import"]
    parser.add_argument("action", choices=actions)
    how = "the product, by a name it has or had; import: the file"
    parser.add_argument("product", nargs="?", default="", metavar="NAME", help=how)
    how = "rename, import: what it is called from now on"
    parser.add_argument("--to", default="", metavar="NAME", help=how)
    parser.add_argument("--out", type=Path, metavar="FILE", help="export: the file to write")
    parser.add_argument("--db", default="", metavar="URL", help="database; default: the one in the data folder")
    parser.add_argument("--operator", default="", type=name_of, help="who decides")
    parser.add_argument("--why", default="", type=name_of, help="why, for the record")


def run_products(args: argparse.Namespace) -> int:
    """List the products, or change one."""
    with closing(opened(args.db or database_url())) as db:
        first = known_product(db, settings=load_settings(), instead=True)
        match args.action:
            case "list":
                for product in list_products(db):
                    print(_line(db, product))
                if first is None:
                    print("There is no product yet; the station starts with the shipped demo model's.")
            case "make":
                # The first product is what the station starts with: the shipped models are not the new one's.
                product_of(db, settings=load_settings(), instead=True)
                print(f"Made: {make_product(db, _named(args), args.operator, args.why).name}.")
            case "rename":
                if not args.to:
                    raise UsageError("`lineside products rename` needs the new name.", "Give it with --to.")
                now = rename(db, _named(args), args.to, args.operator, args.why)
                print(f"Renamed: {now.name}, once {now.former_names[-1]}." if now.former_names else now.name)
            case "export":
                _export(db, _named(args), args)
            case "import":
                _import(db, Path(_named(args)), args)
            case _:
                act, said = ACTS[args.action]
                print(f"{said}: {act(db, _named(args), args.operator, args.why).name}.")
    return 0


def _export(db: Database, name: str, args: argparse.Namespace) -> None:
    if args.out is None:
        raise UsageError("`lineside products export` needs a file.", "Name it with --out.")
    done = export_product(db, home(), find(db, name), args.out, args.operator)
    held = f"{_count(done.recipes, 'recipe')}, {_count(done.models, 'model')}, {_count(done.pictures, 'picture')}"
    print(f"Exported {name} to {name_of(done.path)}: {held}.")
    _tell_left_out(done.left_out)


def _import(db: Database, file: Path, args: argparse.Namespace) -> None:
    done = import_product(db, home(), file, args.operator, args.to)
    held = f"{_count(done.recipes, 'recipe')}, {_count(done.models, 'model')}, {_count(done.pictures, 'picture')}"
    print(f"Imported {done.product.name}: {held}.")
    _tell_left_out(done.left_out)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _tell_left_out(left_out: tuple[str, ...]) -> None:
    for words in left_out:
        print(f"Too large to be carried along: {words}")


def _named(args: argparse.Namespace) -> str:
    if not args.product:
        raise UsageError(f"`lineside products {args.action}` needs a name.", "Add it at the end.")
    return str(args.product)


def _line(db: Database, product: Product) -> str:
    now = active(db, product.id)
    model = f"model {now.name} {now.version}" if now is not None else "no model yet"
    state = "retired" if product.retired else "in use"
    once = f"  once {', '.join(product.former_names)}" if product.former_names else ""
    return f"{product.name:<24}  {state:<7}  {model}  {_recipe(product)}{once}"


def _recipe(product: Product) -> str:
    if product.recipe is None:
        return "the model's own limits"
    try:
        head = read_head(product.recipe)
    except InputError:
        return f"recipe {name_of(product.recipe)}, which cannot be read"
    return f"recipe {head.name} {head.version}"
