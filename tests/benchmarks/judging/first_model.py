"""A first model as the teach-in makes it: 25 good and 10 defective castings, judged on castings it never saw.

`python -m tests.benchmarks.judging.first_model [DRAWS]`; LINESIDE_DATA names the folder with the real data. Each draw
takes other parts of casting/train; all parts of casting/test are judged as the station would, with guard and band.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from db.datasets.collection import OK, Collection, Stock
from db.store.session import open_database
from engine.backends.load import load_model
from engine.images.listing import list_pictures
from engine.images.pictures import read_picture
from engine.judging.judge import Judge, Shown
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe
from engine.statistics.mistakes import Mistakes, Verdicts
from engine.statistics.shares import Share
from gui.pages.teach_in.train import prepare
from tests.benchmarks.judging import models

GOOD, BAD, DEFECT = 25, 10, "defect"
FOLDERS = {OK: "ok_front", DEFECT: "def_front"}


def drawn(data: Path, draw: int) -> dict[str, list[Path]]:
    """Which pictures are taught."""
    rng = np.random.default_rng(draw)
    found = {}
    for label, count in ((OK, GOOD), (DEFECT, BAD)):
        every = sorted(list_pictures(data / "casting" / "train" / FOLDERS[label]))
        found[label] = [every[i] for i in rng.permutation(len(every))[:count]]
    return found


def taught(data: Path, draw: int, folder: Path) -> tuple[Stock, set[str]]:
    """The collection as an operator would have made it, and the digests of its pictures."""
    collection, digests = Collection(folder), set()
    stock = collection.load()
    for label, paths in drawn(data, draw).items():
        for path in paths:
            digests.add(_digest(path))
            stock = collection.add(label, read_picture(path))
    return stock, digests


def trained(stock: Stock, home: Path) -> ModelPackage:
    """The package of the teach-in's own training, run as the window runs it."""
    with closing(open_database(f"sqlite:///{home / 'lineside.db'}")) as db:
        order = prepare(db, "castings", stock)
    subprocess.run([sys.executable, "main.py", *order.arguments], check=True, stdout=subprocess.DEVNULL)
    return open_package(order.out)


def judged(package: ModelPackage, data: Path, taught: set[str]) -> Mistakes:
    """Every part of casting/test that is no copy of a taught one."""
    model = load_model(package)
    try:
        judge = Judge(model, default_recipe(package))
        parts = _unseen(data, taught)
        return Mistakes.of((bad, judge.judge(Shown(read_picture(path))).verdict.outcome) for bad, path in parts)
    finally:
        model.close()


def report(data: Path, draws: int) -> None:
    """Print a table, a row a draw, and all of them together."""
    print(f"{GOOD} good and {BAD} defective castings, judged on casting/test with guard and review band")
    together = Mistakes()
    for draw in range(1, draws + 1):
        with tempfile.TemporaryDirectory() as scratch:
            stock, digests = taught(data, draw, Path(scratch) / "collection")
            package = trained(stock, Path(scratch))
            found = judged(package, data, digests)
            limits = package.manifest.thresholds
            print(f"draw {draw}: NG from {limits.ng_at}, REVIEW {limits.review_from} to {limits.review_to}")
        _show(found)
        together += found
    print("all draws")
    _show(together)


def _show(found: Mistakes) -> None:
    for name, kind in (("good", found.sound), ("defective", found.defective)):
        print(f"  {name:<10}" + "  ".join(f"{word} {_told(share)}" for word, share in _shares(kind)))
    print(f"  REVIEW of all {_told(found.review)}, NO VERDICT {_told(found.no_verdict)}", flush=True)


def _shares(kind: Verdicts) -> Iterator[tuple[str, Share]]:
    counts = (("OK", kind.ok), ("NG", kind.ng), ("REVIEW", kind.review), ("NO VERDICT", kind.no_verdict))
    return ((word, Share(count, kind.total)) for word, count in counts)


def _told(share: Share) -> str:
    return f"{share.count} of {share.of} ({share.rate:.0%})"


def _unseen(data: Path, taught: set[str]) -> Iterator[tuple[bool, Path]]:
    for label, folder in FOLDERS.items():
        for path in sorted(list_pictures(data / "casting" / "test" / folder)):
            if _digest(path) not in taught:
                yield label != OK, path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    place = models.data_folder()
    if place is None:
        raise SystemExit("LINESIDE_DATA names no folder with the real data.")
    report(place, int(sys.argv[1]) if len(sys.argv) > 1 else 3)
