"""The models the benchmarks judge with, on the real data named by LINESIDE_DATA.

Trained once into `out/bench` (or the folder named by LINESIDE_BENCH_MODELS) with short recipes: what is measured is
speed and the agreement of backends, and AP where the table says so. Half an hour on two cores, nothing the second time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from engine.packages.package import MANIFEST, ModelPackage, open_package

ONE_CYCLE = ("schedule=onecycle", "patience=0", "validation_from=train", "validation_fraction=0.12", "test_fraction=0")
TURNED = ("flip_horizontal=true", "flip_vertical=true")


@dataclass(frozen=True, slots=True)
class Bench:
    """One model: its name, data set under the data folder, preset and settings, and the part it was not trained on."""

    name: str
    dataset: str
    preset: str
    settings: tuple[str, ...] = ()
    judged: str = ""
    """Folder of pictures to judge; empty = `dataset`."""
    part: str = "test"
    classes_of: str = field(default="")
    """`imgs` or `labelme`: how class folders are made of this data set, by links."""


RESNET18 = Bench(
    "casting-resnet18",
    "casting/train",
    "casting-resnet18",
    ("epochs=6", "batch=32", *ONE_CYCLE, *TURNED, "turn=true"),
    "casting/test",
    "",
)
PUBLISHED = Bench("kolektor-published", "kolektorsdd", "kolektor-segdec", ("epochs=12", "segmentation_epochs=8"))
FAST = Bench("kolektor-fast", "kolektorsdd", "kolektor-fast")
SMALL = ("architecture=resnet18", "patience=0", "height=128", "width=128", "batch=32", *TURNED)
STRIP = Bench("strip-resnet18", "xsdd", "casting-fast", (*SMALL, "epochs=6"))
TILES = Bench("tiles-resnet18", "magnetic_tile", "casting-fast", (*SMALL, "epochs=25"), classes_of="imgs")
SCREWS = Bench("screws-resnet18", "bsdata", "casting-fast", (*SMALL, "epochs=40"), classes_of="labelme")
EVERY = (RESNET18, PUBLISHED, FAST, STRIP, TILES, SCREWS)


def data_folder() -> Path | None:
    """The folder with the real data; None where LINESIDE_DATA names none."""
    named = os.environ.get("LINESIDE_DATA", "")
    return Path(named) if named and Path(named).is_dir() else None


def models_folder() -> Path:
    """Where the benchmark's packages are kept."""
    return Path(os.environ.get("LINESIDE_BENCH_MODELS", "out/bench")).resolve()


def dataset_of(bench: Bench, data: Path) -> Path:
    """The data set's folder; where it has no class folders, one with links to its pictures."""
    folder = data / bench.dataset
    if not bench.classes_of:
        return folder
    linked = models_folder() / "sets" / bench.name
    if not linked.exists():
        pairs = _tiles(folder) if bench.classes_of == "imgs" else _screws(folder)
        for path, label in pairs:
            link = linked / label / path.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return linked


def package_of(bench: Bench, data: Path) -> ModelPackage:
    """The benchmark's package, trained where it is missing. Raises SystemExit with the trainer's own words."""
    out = models_folder() / bench.name
    if not (out / MANIFEST).exists():
        print(f"  training {bench.name} (once) …", flush=True)
        words = [sys.executable, "main.py", "train", str(dataset_of(bench, data)), "--preset", bench.preset]
        words += ["--weights", "none", "--out", str(out)] if bench.preset != "kolektor-fast" else ["--out", str(out)]
        for setting in bench.settings:
            words += ["--set", setting]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{bench.name} could not be trained: {done.stderr[-2000:]}")
    return open_package(out)


def _tiles(folder: Path) -> list[tuple[Path, str]]:
    found = sorted(folder.glob("MT_*/Imgs/*.jpg"))
    return [(p, "ok" if p.parent.parent.name == "MT_Free" else p.parent.parent.name[3:].lower()) for p in found]


def _screws(folder: Path) -> list[tuple[Path, str]]:
    def label(path: Path) -> str:
        polygons = folder / "label" / f"{path.stem}.json"
        shapes = json.loads(polygons.read_text(encoding="utf-8"))["shapes"] if polygons.exists() else []
        return "pitting" if shapes else "ok"

    return [(p, label(p)) for p in sorted((folder / "data").glob("*.jpg"))]
