"""Masks in sets of boxes and outlines: no parts, and their pictures are not sound for want of another label."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset


def write_labelme(folder: Path) -> None:
    points = [[6, 4], [21, 4], [21, 15], [6, 15]]
    shapes = [{"label": "scratch", "shape_type": "polygon", "points": points}]
    write_text(folder / "images" / "a.json", json.dumps({"flags": {}, "shapes": shapes, "imagePath": "a.jpg"}))


def write_yolo(folder: Path) -> None:
    write_text(folder / "data.yaml", "names: [scratch]\n")
    write_text(folder / "labels" / "a.txt", "0 0.5 0.5 0.2 0.2\n")


def write_coco(folder: Path) -> None:
    listed = [{"id": n, "file_name": f"{name}.jpg", "width": 32, "height": 24} for n, name in enumerate("abc")]
    drawn = [{"id": 1, "image_id": 0, "category_id": 1, "bbox": [4, 5, 8, 6]}]
    values = {"images": listed, "annotations": drawn, "categories": [{"id": 1, "name": "scratch"}]}
    write_text(folder / "annotations.json", json.dumps(values))


WRITERS: dict[str, Callable[[Path], None]] = {"labelme": write_labelme, "yolo": write_yolo, "coco": write_coco}


@pytest.mark.parametrize("layout", WRITERS)
@pytest.mark.parametrize("name", ["images/b_mask.png", "images/b_label.png", "images/b.png", "masks/b.png", "gt/B.bmp"])
def test_mask_of_a_picture_without_label(tmp_path: Path, layout: str, name: str) -> None:
    pictures(tmp_path)
    WRITERS[layout](tmp_path)
    write_mask(tmp_path / name, box_mask(6, 4, 22, 16))
    found = look_at_dataset(str(tmp_path), layout)
    keys = {s.key: s.label for s in found.samples}
    assert keys == {"images/a.jpg": "scratch", "images/b.jpg": "ok", "images/c.jpg": "ok"}
    words = f"it may be a picture's mask, and as {layout} nothing is read from it."
    assert [str(one) for one in found.unused] == [f"{tmp_path / name}: {words}"]
    with pytest.raises(DatasetError, match="would be taken for sound"):
        open_dataset(str(tmp_path), layout)


def test_masks_that_are_black_or_of_a_labelled_picture_stop_nothing(tmp_path: Path) -> None:
    pictures(tmp_path)
    write_labelme(tmp_path)
    write_mask(tmp_path / "images" / "a_mask.png", box_mask(6, 4, 22, 16))
    write_mask(tmp_path / "images" / "b_mask.png", np.zeros(SIZE, np.uint8))
    found = open_dataset(str(tmp_path))
    assert [s.key for s in found.samples] == ["images/a.jpg", "images/b.jpg", "images/c.jpg"]
    assert "2 pictures are masks of others by name or folder, and no parts." in found.notes
    assert found.unused == ()


def test_masks_of_two_pictures_of_one_name(tmp_path: Path) -> None:
    pictures(tmp_path)
    write_labelme(tmp_path)
    write_picture(tmp_path / "images" / "lot2" / "b.jpg", 9)
    write_mask(tmp_path / "masks" / "b.png", box_mask(6, 4, 22, 16))
    write_mask(tmp_path / "images" / "b_seg.png", box_mask(6, 4, 22, 16))
    found = look_at_dataset(str(tmp_path))
    assert len(found.samples) == 4
    assert [one.where for one in found.unused] == [str(tmp_path / "images" / "b_seg.png")]


def pictures(folder: Path) -> None:
    for number, name in enumerate("abc"):
        write_picture(folder / "images" / f"{name}.jpg", number)
