"""Pictures that are to be held another way than they are stored: outlines turn with them, mask files are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Mask
from engine.images.decoding.orientation import UPRIGHT
from engine.packages.package import sha256_of
from engine.training import DATASET_FILE, DatasetItem, DatasetManifest
from tests.labelled import turn, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset
from trainer.formats.samples.dataset import Dataset

BLOCK = np.zeros((24, 40), np.uint8)
BLOCK[:8, 24:] = 255
"""What the picture shows as stored: in no way of holding it does it lie in the same place."""

Box = tuple[int, int, int, int]


def picture(folder: Path, held: int) -> tuple[Box, tuple[int, int]]:
    """Write it, and a sound one; where its block lies, both ends included, and its size as a label tool shows it."""
    write_mask(folder / "a.jpg", BLOCK)
    write_picture(folder / "sound.jpg", 1, BLOCK.shape)
    data = turn(folder / "a.jpg", held).read_bytes()
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    rows, columns = (shown > 127).any(axis=1).nonzero()[0], (shown > 127).any(axis=0).nonzero()[0]
    return (int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])), (shown.shape[0], shown.shape[1])


def corners(box: Box) -> list[list[int]]:
    x0, y0, x1, y1 = box
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def labelme(folder: Path, box: Box, size: tuple[int, int]) -> None:
    shapes = [{"label": "pit", "shape_type": "polygon", "points": corners(box)}]
    values = {"imagePath": "a.jpg", "imageHeight": size[0], "imageWidth": size[1], "shapes": shapes}
    write_text(folder / "a.json", json.dumps(values))


def coco(folder: Path, box: Box, size: tuple[int, int]) -> None:
    _coco(folder, size, [[v for corner in corners(box) for v in corner]])


def coco_runs(folder: Path, box: Box, size: tuple[int, int]) -> None:
    mask = np.zeros(size, bool)
    mask[box[1] : box[3] + 1, box[0] : box[2] + 1] = True
    counts, last = [0], False
    for inside in mask.T.ravel().tolist():
        counts += [0] if inside != last else []
        last = inside
        counts[-1] += 1
    _coco(folder, size, {"size": list(size), "counts": counts})


def _coco(folder: Path, size: tuple[int, int], outline: object) -> None:
    sound = {"id": 2, "file_name": "sound.jpg", "height": BLOCK.shape[0], "width": BLOCK.shape[1]}
    images = [{"id": 1, "file_name": "a.jpg", "height": size[0], "width": size[1]}, sound]
    annotations = [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": outline}]
    values = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "pit"}]}
    write_text(folder / "annotations.json", json.dumps(values))


def yolo(folder: Path, box: Box, size: tuple[int, int]) -> None:
    places = [((x + 0.5) / size[1], (y + 0.5) / size[0]) for x, y in corners(box)]
    write_text(folder / "classes.txt", "pit\n")
    write_text(folder / "a.txt", "0 " + " ".join(f"{x} {y}" for x, y in places))


@pytest.mark.parametrize("held", range(1, 9))
@pytest.mark.parametrize("label", [labelme, coco, coco_runs, yolo])
def test_outline_lies_on_the_stored_pixels_where_the_defect_is(
    tmp_path: Path, label: Callable[[Path, Box, tuple[int, int]], None], held: int
) -> None:
    label(tmp_path, *picture(tmp_path, held))
    pit, sound = look_at_dataset(str(tmp_path)).samples
    pixels, mask = pit.load()
    assert (pit.label, sound.label) == ("pit", "ok") and mask is not None and np.array_equal(mask, BLOCK)
    assert np.array_equal(pixels > 127, BLOCK > 127)


def test_outline_made_for_the_stored_picture_is_left_out_where_it_is_shown_on_its_side(tmp_path: Path) -> None:
    box, _ = picture(tmp_path, 6)
    labelme(tmp_path, box, BLOCK.shape)
    write_mask(tmp_path / "b.jpg", BLOCK)
    write_text(tmp_path / "b.json", json.dumps({"shapes": [{"label": "pit", "points": corners((24, 0, 39, 7))}]}))
    dataset = look_at_dataset(str(tmp_path))
    assert [s.key for s in dataset.samples] == ["b.jpg", "sound.jpg"]
    assert "is made for 40×24 pixels, but the picture" in dataset.unused[0].reason


def masks(folder: Path, pair: dict[str, Mask]) -> Dataset:
    for name, mask in pair.items():
        (folder / "images").mkdir(exist_ok=True)
        (folder / name).rename(folder / "images" / name)
        write_mask((folder / "masks" / name).with_suffix(".png"), mask)
    return look_at_dataset(str(folder))


def kolektor(folder: Path, pair: dict[str, Mask]) -> Dataset:
    for name, mask in pair.items():
        (folder / "kos01").mkdir(exist_ok=True)
        (folder / name).rename(folder / "kos01" / name)
        write_mask(folder / "kos01" / f"{Path(name).stem}_label.bmp", mask)
    return look_at_dataset(str(folder))


def magnetic(folder: Path, pair: dict[str, Mask]) -> Dataset:
    for (name, mask), kind in zip(pair.items(), ("Crack", "Free"), strict=True):
        place = folder / f"MT_{kind}" / "Imgs"
        place.mkdir(parents=True)
        (folder / name).rename(place / name)
        write_mask((place / name).with_suffix(".png"), mask)
    return look_at_dataset(str(folder))


@pytest.mark.parametrize("held", range(1, 9))
@pytest.mark.parametrize("layout", [masks, kolektor, magnetic])
def test_mask_file_of_a_picture_that_viewers_turn_is_left_out_and_named(
    tmp_path: Path, layout: Callable[[Path, dict[str, Mask]], Dataset], held: int
) -> None:
    picture(tmp_path, held)
    dataset = layout(tmp_path, {"a.jpg": BLOCK, "sound.jpg": np.zeros_like(BLOCK)})
    read = {Path(s.key).name: s for s in dataset.samples}
    drawn = "a.jpg" in read and read["a.jpg"].has_mask
    assert drawn == (held == UPRIGHT) and len(dataset.unused) == (held != UPRIGHT)
    assert read["sound.jpg"].has_mask and read["sound.jpg"].label in dataset.ok_classes
    if drawn:
        mask = read["a.jpg"].load()[1]
        assert mask is not None and np.array_equal(mask, BLOCK)
    else:
        assert "which its viewers turn (EXIF orientation)" in dataset.unused[0].reason


@pytest.mark.parametrize("held", range(1, 9))
def test_lineside_s_own_masks_lie_on_the_stored_pixels(tmp_path: Path, held: int) -> None:
    picture(tmp_path, held)
    write_mask(tmp_path / "masks" / "a.png", BLOCK)
    items = [
        DatasetItem(path="a.jpg", sha256=sha256_of(tmp_path / "a.jpg"), label="pit", mask="masks/a.png"),
        DatasetItem(path="sound.jpg", sha256=sha256_of(tmp_path / "sound.jpg"), label="ok"),
    ]
    manifest = DatasetManifest(
        schema=1, name="set", created_at="2026-01-01", classes=["ok", "pit"], ok_classes=["ok"], items=items
    )
    write_text(tmp_path / DATASET_FILE, manifest.model_dump_json(by_alias=True))
    mask = look_at_dataset(str(tmp_path)).samples[0].load()[1]
    assert mask is not None and np.array_equal(mask, BLOCK)
