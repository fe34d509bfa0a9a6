"""The Severstal and GC10 presets run end to end on pictures drawn in their exact layouts."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("lightning_fabric", reason="needs the train extra")

from engine.domain.inspection import Severity
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe
from engine.training import TrainingEvent, TrainingNote
from trainer.runs.request import TrainRequest
from trainer.runs.train import train
from trainer.runtime.interrupt import StopRequest

pytestmark = pytest.mark.slow

GC10 = ("chongkong", "hanfeng", "yueyawan", "shuiban", "youban", "siban", "yiwu", "yahen", "zhehen", "yaozhed")
ENGLISH = {"punching", "weld_line", "crescent_gap", "water_spot", "oil_spot", "silk_spot", "inclusion", "rolled_pit"}


def steel(rng: np.random.Generator, height: int, width: int, where: tuple[int, int, int, int] | None) -> np.ndarray:
    picture = rng.normal(120, 8, (height, width)).clip(0, 255).astype(np.uint8)
    if where is not None:
        top, left, bottom, right = where
        picture[top:bottom, left:right] = 30
    return picture


def severstal(folder: Path, count: int) -> Path:
    """`count` pictures of each of OK and the classes 1 to 4, 256×1600, with train.csv."""
    rng, rows = np.random.default_rng(0), []
    (folder / "train_images").mkdir(parents=True)
    for label in range(5):
        for n in range(count):
            name = f"{label:02d}{n:07x}.jpg"
            left = 40 + 300 * label + 7 * n
            box = (20 + 40 * label, left, 50 + 40 * label, left + 20 * label)
            cv2.imwrite(str(folder / "train_images" / name), steel(rng, 256, 1600, box if label else None))
            if label:
                # Column-major and 1-based.
                runs = [f"{x * 256 + box[0] + 1} {box[2] - box[0]}" for x in range(box[1], box[3])]
                rows.append((name, label, " ".join(runs)))
    with (folder / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("ImageId", "ClassId", "EncodedPixels"), *rows])
    return folder


def gc10(folder: Path, count: int) -> Path:
    """`count` pictures 250×512 of each class in folders 1 … 10, boxes in label/."""
    rng = np.random.default_rng(0)
    (folder / "label").mkdir(parents=True)
    for number, word in enumerate(GC10, start=1):
        (folder / str(number)).mkdir()
        for n in range(count):
            name = f"img_{number:02d}_{n:010d}_00001"
            box = (10 + n, 20 * number, 60 + n, 20 * number + 60)
            cv2.imwrite(str(folder / str(number) / f"{name}.jpg"), steel(rng, 250, 512, box))
            (folder / "label" / f"{name}.xml").write_text(
                f"<annotation><filename>{name}.jpg</filename><size><width>512</width><height>250</height>"
                f"<depth>1</depth></size><object><name>{number}_{word}</name><bndbox><xmin>{box[1]}</xmin>"
                f"<ymin>{box[0]}</ymin><xmax>{box[3]}</xmax><ymax>{box[2]}</ymax></bndbox></object></annotation>",
                encoding="utf-8",
            )
    return folder


def run(data: Path, preset: str, out: Path, *settings: str) -> tuple[ModelPackage, list[str]]:
    events: list[TrainingEvent] = []
    small = ["threads=1", "epochs=1", "batch=8", "height=64", "width=64", "int8=false", "precision=32", *settings]
    request = TrainRequest(dataset=str(data), preset=preset, out=str(out), settings=small, weights="none")
    train(request, out.parent / "run", events.append, StopRequest())
    return open_package(out), [e.text for e in events if isinstance(e, TrainingNote)]


@pytest.mark.parametrize("preset", ["severstal-smallcnn", "severstal-resnet50"])
def test_severstal_catches_cracks_first_and_names_no_class_after_its_neighbour(tmp_path: Path, preset: str) -> None:
    package, notes = run(severstal(tmp_path / "steel", 5), preset, tmp_path / "pkg", "samples_per_epoch=16")
    manifest = package.manifest
    assert manifest.class_names == ("ok", "crack", "dent", "other", "scratch") and manifest.ok_classes == ("ok",)
    assert any("Balanced twice" in text for text in notes)
    crack = next(c for c in manifest.classes if c.name == "crack")
    assert crack.severity is Severity.CRITICAL and crack.ng_at is not None
    rule = next(r for r in default_recipe(package).rules if r.label == "crack")
    assert rule.severity is Severity.CRITICAL and rule.ng_at == crack.ng_at
    assert sum(c["support"] for c in manifest.metrics["per_class"].values()) == manifest.metrics["count"]


def test_gc10_has_ten_classes_by_name_and_none_is_sound(tmp_path: Path) -> None:
    data = gc10(tmp_path / "gc10", 4)
    package, notes = run(data, "gc10-resnet18", tmp_path / "pkg", "samples_per_epoch=16")
    manifest = package.manifest
    assert ENGLISH | {"crease", "waist_folding"} == set(manifest.class_names) and manifest.ok_classes == ()
    assert not any("Balanced twice" in text for text in notes)
    # 40 pictures: a tenth to test, 15 % to validation.
    assert manifest.metrics["count"] == 4 and manifest.calibration["pictures"] == 6
