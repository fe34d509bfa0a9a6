"""`lineside models import`: a Lineside package as it is, a model made elsewhere as the package made of it."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from db.models.foreign import register_foreign, register_tried
from db.models.registry import ModelVersion
from db.store.session import Database
from engine.errors import UsageError
from engine.importing.files import is_package
from engine.importing.plan import ImportOptions
from engine.names import name_of, one_line
from engine.system.numbers import number
from engine.system.texts import read_text

MAX_LIST_BYTES = 1 << 20
_SIZE = re.compile(r"([0-9]{1,5})\s*[x×]\s*([0-9]{1,5})")


def add_import_options(models: argparse.ArgumentParser) -> None:
    """What `models import` must be told of a model made elsewhere, where it cannot be seen from the model."""
    group = models.add_argument_group("import of a model made elsewhere (.onnx, .xml, a folder or a zip of one)")
    group.add_argument("--name", default="", help="what it is called; default: the file's name")
    group.add_argument("--kind", default="", choices=["", "classifier", "segdec", "anomaly"])
    group.add_argument("--classes", default="", metavar="A,B", help="the classes in the order of its scores, or @FILE")
    group.add_argument("--ok", default="", metavar="A", help="the sound classes; none = every class is a defect")
    group.add_argument("--size", default="", metavar="HxW", help="height and width where the model leaves them open")
    group.add_argument("--scale", default="", choices=["", "0-1", "0-255", "-1-1", "imagenet"], help="its input")
    group.add_argument("--mean", default="", metavar="M,M,M", help="instead of --scale: mean of pictures in 0…1")
    group.add_argument("--std", default="", metavar="S,S,S", help="… and their standard deviation")
    group.add_argument("--colour", default="", choices=["", "rgb", "bgr", "grey"], help="channel order; default: rgb")
    group.add_argument("--resize", default="stretch", choices=["stretch", "letterbox"])
    group.add_argument("--scores", default="", metavar="NAME", help="the output with the scores")
    group.add_argument("--map", default="", metavar="NAME", help="the output with the map of defects")
    group.add_argument("--activation", default="auto", choices=["auto", "none", "softmax", "sigmoid"])
    group.add_argument("--limit", type=number, metavar="X", help="raw anomaly score from which a part is a defect")
    group.add_argument("--ng-at", type=number, default=0.5, metavar="P", help="defect score from which a part is NG")
    group.add_argument("--map-threshold", type=number, default=0.5, metavar="P", help="map value that is a region")
    group.add_argument("--reference", type=Path, metavar="DIR", help="some sound pictures: they set the picture guard")


def bring_in(db: Database, path: Path, args: argparse.Namespace) -> ModelVersion:
    """Register what lies at `path`; says on stderr what was guessed. Raises UsageError, PackageError."""
    options = options_of(args)
    if path.exists() and is_package(path):
        if options != ImportOptions():
            raise UsageError(f"{path} is a Lineside package and says all of this itself.", "Leave the flags out.")
        return register_tried(db, path, args.operator)
    version, notes = register_foreign(db, path, options, args.operator)
    for note in notes:
        print(f"{name_of(path.name)}: {one_line(note)}", file=sys.stderr)
    return version


def options_of(args: argparse.Namespace) -> ImportOptions:
    """The flags of `models import` as options. Raises UsageError for a flag that cannot be read."""
    height, width = _size(args.size)
    return ImportOptions(
        name=args.name,
        kind=args.kind or None,
        classes=_classes(args.classes),
        ok=() if args.ok == "none" else _names(args.ok) or None,
        height=height,
        width=width,
        scale=args.scale or None,
        mean=_numbers(args.mean, "--mean"),
        std=_numbers(args.std, "--std"),
        colour=args.colour or None,
        resize=args.resize,
        scores=args.scores,
        map=args.map,
        activation=args.activation,
        limit=args.limit,
        ng_at=args.ng_at,
        map_threshold=args.map_threshold,
        reference=args.reference,
    )


def _classes(said: str) -> tuple[str, ...]:
    """Names with commas between, or `@FILE` with one a line."""
    if not said.startswith("@"):
        return _names(said)
    lines = read_text(Path(said[1:]), MAX_LIST_BYTES, f"The list of classes {said[1:]}", UsageError).splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def _names(said: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in said.split(",") if name.strip())


def _numbers(said: str, flag: str) -> tuple[float, ...]:
    try:
        return tuple(float(number) for number in said.split(",") if number.strip())
    except ValueError as error:
        raise UsageError(f"{said[:40]!r} is not a list of numbers.", f"Write {flag} 0.485,0.456,0.406.") from error


def _size(said: str) -> tuple[int, int] | tuple[None, None]:
    if not said:
        return None, None
    found = _SIZE.fullmatch(said.strip())
    if found is None:
        raise UsageError(f"{said[:40]!r} is not a size.", "Write --size HEIGHTxWIDTH, for example 224x224.")
    return int(found[1]), int(found[2])
