"""A label that fits two pictures is nobody's: both are left without it, it is named, and the others are read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset

BOX = box_mask(4, 5, 12, 11)
EMPTY = np.zeros(SIZE, np.uint8)
SHARED = "more than one picture has that name; which of them it is of cannot be known."


def pictures(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        write_picture(folder / name, number)


def labels(folder: Path) -> dict[str, str]:
    return {s.key: s.label for s in look_at_dataset(str(folder)).samples}


def unused(folder: Path) -> list[str]:
    """What is not used, with the data set's folder left out of the words."""
    return [str(one).replace(f"{folder}/", "") for one in look_at_dataset(str(folder)).unused]


def test_colour_masks_of_one_name(tmp_path: Path) -> None:
    pictures(tmp_path / "JPEGImages", "1.bmp", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "5.bmp")
    write_text(tmp_path / "labelmap.txt", "background:0,0,0::\nscratch:255,255,255::\n")
    write_text(tmp_path / "ImageSets" / "Segmentation" / "default.txt", "1\n2\n3\n4\n")
    for name, mask in {"1.png": BOX, "2.png": EMPTY, "2.bmp": BOX, "3.png": BOX, "4.png": EMPTY}.items():
        write_mask(tmp_path / "SegmentationClass" / name, mask)
    assert labels(tmp_path) == {"JPEGImages/3.jpg": "scratch", "JPEGImages/4.jpg": "ok"}
    words = "which mask is which picture's cannot be told of"
    assert unused(tmp_path) == [
        f"SegmentationClass/1: {words} 1.bmp, 1.jpg, 1.png.",
        f"SegmentationClass/2: {words} 2.jpg, 2.bmp, 2.png.",
    ]
    assert look_at_dataset(str(tmp_path)).notes == ("2 pictures have no mask, are in no list and are left out.",)


def test_labelme_file_of_two_pictures(tmp_path: Path) -> None:
    pictures(tmp_path, "x/a.jpg", "y/a.jpg", "y/b.jpg", "y/c.jpg", "y/d.jpg")
    shape = {"label": "pit", "shape_type": "polygon", "points": [[4, 5], [12, 5], [12, 11]]}
    for name, shapes in {"json/a": [shape], "y/b": [shape], "y/c": []}.items():
        values = {"flags": {}, "shapes": shapes, "imagePath": f"{name[-1]}.jpg"}
        write_text(tmp_path / f"{name}.json", json.dumps(values))
    assert labels(tmp_path) == {"y/b.jpg": "pit", "y/c.jpg": "ok", "y/d.jpg": "ok"}
    assert unused(tmp_path) == ["json/a.json: a.jpg may be x/a.jpg or y/a.jpg."]
    with pytest.raises(DatasetError, match="would be taken for sound"):
        open_dataset(str(tmp_path))
    assert len(open_dataset(str(tmp_path), without_label="ok").samples) == 3


def test_severstal_row_of_two_pictures(tmp_path: Path) -> None:
    pictures(tmp_path / "train_images", "x/a.jpg", "y/a.jpg", "b.jpg", "c.jpg")
    rows = "a.jpg,1,10 5\nb.jpg,2,10 5\nc.jpg,,\n"
    write_text(tmp_path / "train.csv", f"ImageId,ClassId,EncodedPixels\n{rows}")
    assert labels(tmp_path) == {"train_images/b.jpg": "scratch", "train_images/c.jpg": "ok"}
    assert unused(tmp_path) == ["a.jpg: a.jpg may be train_images/x/a.jpg or train_images/y/a.jpg."]


def test_mvtec_mask_of_two_pictures(tmp_path: Path) -> None:
    pictures(tmp_path, "train/good/1.png", "test/good/1.png", "test/good/1.jpg", "test/pit/1.png", "test/pit/1.jpg")
    pictures(tmp_path, "test/pit/2.png")
    for name in "12":
        write_mask(tmp_path / "ground_truth" / "pit" / f"{name}_mask.png", BOX)
    masks = {s.key: s.has_mask for s in look_at_dataset(str(tmp_path)).samples if s.label == "pit"}
    assert masks == {"test/pit/1.jpg": False, "test/pit/1.png": False, "test/pit/2.png": True}
    assert sum(label == "good" for label in labels(tmp_path).values()) == 3
    assert unused(tmp_path) == [f"ground_truth/pit/1_mask.png: {SHARED}"]


def test_kolektor_mask_of_two_pictures(tmp_path: Path) -> None:
    pictures(tmp_path / "kos01", "Part0.jpg", "Part0.bmp", "Part1.jpg", "Part2.jpg")
    for name, mask in {"Part0": EMPTY, "Part1": BOX, "Part2": EMPTY}.items():
        write_mask(tmp_path / "kos01" / f"{name}_label.png", mask)
    assert labels(tmp_path) == {"kos01/Part1.jpg": "defect", "kos01/Part2.jpg": "ok"}
    assert unused(tmp_path) == [f"kos01/Part0_label.png: {SHARED}"]


def test_dagm_mask_of_two_pictures(tmp_path: Path) -> None:
    pictures(tmp_path / "Class1" / "Train", "1.PNG", "1.bmp", "2.PNG", "3.PNG")
    for name in "12":
        write_mask(tmp_path / "Class1" / "Train" / "Label" / f"{name}_label.PNG", BOX)
    assert labels(tmp_path) == {"Class1/Train/2.PNG": "defect", "Class1/Train/3.PNG": "ok"}
    assert f"Class1/Train/Label/1_label.PNG: {SHARED}" in unused(tmp_path)


def test_magnetic_mask_of_two_pictures(tmp_path: Path) -> None:
    pictures(tmp_path, "MT_Crack/Imgs/1.jpg", "MT_Crack/Imgs/1.bmp", "MT_Crack/Imgs/2.jpg", "MT_Free/Imgs/3.jpg")
    for name in "12":
        write_mask(tmp_path / "MT_Crack" / "Imgs" / f"{name}.png", BOX)
    masks = {s.key: s.has_mask for s in look_at_dataset(str(tmp_path)).samples if s.label == "Crack"}
    assert masks == {"MT_Crack/Imgs/1.jpg": False, "MT_Crack/Imgs/1.bmp": False, "MT_Crack/Imgs/2.jpg": True}
    assert unused(tmp_path) == [f"MT_Crack/Imgs/1.png: {SHARED}"]


def test_visa_row_that_says_sound_and_defective(tmp_path: Path) -> None:
    pictures(tmp_path / "Data" / "Images", "Normal/1.JPG", "Anomaly/2.JPG", "Anomaly/3.JPG")
    rows = ["image,label,mask", "Data/Images/Normal/1.JPG,normal,", 'Data/Images/Anomaly/2.JPG,"normal,scratch",']
    write_text(tmp_path / "image_anno.csv", "\n".join([*rows, "Data/Images/Anomaly/3.JPG,scratch,"]))
    assert labels(tmp_path) == {"Data/Images/Normal/1.JPG": "normal", "Data/Images/Anomaly/3.JPG": "scratch"}
    words = "Data/Images/Anomaly/2.JPG is said to be sound and defective: normal, scratch."
    assert unused(tmp_path) == [f"image_anno.csv line 3: {words}"]


@pytest.mark.parametrize("kind", ["labelme", "voc"])
def test_labels_in_folders_of_the_same_names_as_those_of_the_pictures(tmp_path: Path, kind: str) -> None:
    pictures(tmp_path / "images", "lot1/a.jpg", "lot2/a.jpg", "lot2/b.jpg")
    shape = {"label": "pit", "shape_type": "polygon", "points": [[4, 5], [12, 5], [12, 11]]}
    box = "<object><name>pit</name><bndbox><xmin>4</xmin><ymin>5</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
    for name, drawn in {"lot1/a": True, "lot2/a": False, "lot2/b": True}.items():
        picture = f"{name[-1]}.jpg"
        values = {"flags": {}, "shapes": [shape] if drawn else [], "imagePath": picture}
        xml = f"<annotation><filename>{picture}</filename>{box if drawn else ''}</annotation>"
        text = json.dumps(values) if kind == "labelme" else xml
        write_text(tmp_path / "labels" / f"{name}.{'json' if kind == 'labelme' else 'xml'}", text)
    wanted = {"images/lot1/a.jpg": "pit", "images/lot2/a.jpg": "ok", "images/lot2/b.jpg": "pit"}
    assert labels(tmp_path) == wanted and unused(tmp_path) == []
