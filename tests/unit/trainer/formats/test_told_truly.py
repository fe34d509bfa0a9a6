"""Labels that were once misread, each in the shape in which it was found: docs/data.md has the table of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Mask
from engine.errors import DatasetError
from main import main
from tests.labelled import SIZE, box_mask, turn, write_mask, write_picture, write_text
from tests.packages import HEIGHT, WIDTH, write_tiny_package
from trainer.formats.detect import look_at_dataset, open_dataset

BOX = box_mask(6, 4, 22, 16)
EMPTY = np.zeros(SIZE, np.uint8)
OUTLINE = [[6, 4], [21, 4], [21, 15], [6, 15]]
RUNS = " ".join(f"{24 * column + 5} 12" for column in range(6, 22))
"""Of the same box, as Severstal counts."""
YOLO_BOX = "0 0.5 0.5 0.2 0.2"


def pictures(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        write_picture(folder / name, number)
    return folder


def labels(folder: Path) -> dict[str, str]:
    return {s.key: s.label for s in open_dataset(str(folder)).samples}


def mask_of(folder: Path, key: str) -> Mask:
    sample = next(s for s in look_at_dataset(str(folder)).samples if s.key == key)
    mask = sample.load()[1]
    assert mask is not None
    return mask


def labelme(path: Path, *shapes: dict[str, Any], **more: Any) -> None:
    listed = [{"label": "scratch", "shape_type": "polygon", **shape} for shape in shapes]
    values = {"version": "5.5.0", "flags": {}, "shapes": listed, "imagePath": f"{path.stem}.jpg", "imageData": None}
    write_text(path, json.dumps({**values, "imageHeight": SIZE[0], "imageWidth": SIZE[1], **more}))


def voc(path: Path, picture: str, name: str = "", encoding: str = "utf-8") -> None:
    corners = "<xmin>6</xmin><ymin>4</ymin><xmax>21</xmax><ymax>15</ymax>"
    thing = f"<object><name>{name}</name><bndbox>{corners}</bndbox></object>" if name else ""
    text = f'<?xml version="1.0" encoding="{encoding}"?><annotation><filename>{picture}</filename>{thing}</annotation>'
    path.write_bytes(text.encode(encoding))


@pytest.mark.parametrize("value", [1, 255])
def test_masks_of_0_and_1(tmp_path: Path, value: int) -> None:
    pictures(tmp_path / "images", "d.png", "s.png")
    write_mask(tmp_path / "masks" / "d.png", BOX // 255 * value)
    write_mask(tmp_path / "masks" / "s.png", EMPTY)
    assert labels(tmp_path) == {"images/d.png": "defect", "images/s.png": "ok"}
    assert np.array_equal(mask_of(tmp_path, "images/d.png"), BOX)


def test_evaluation_is_the_same_with_masks_of_0_and_1(tmp_path: Path) -> None:
    write_tiny_package(tmp_path / "package")
    figures = []
    for value in (1, 255):
        folder = tmp_path / str(value)
        for number in range(8):
            # Two bright parts of four are defects, and one dark one.
            level = 250 if number % 2 else 20
            write_mask(folder / "images" / f"{number}.png", np.full((HEIGHT, WIDTH), level, np.uint8))
            mask = np.zeros((HEIGHT, WIDTH), np.uint8)
            mask[4:9, 4:9] = value * (number in (1, 2, 3))
            write_mask(folder / "masks" / f"{number}.png", mask)
        told = tmp_path / f"{value}.json"
        assert main(["evaluate", str(tmp_path / "package"), str(folder), "--json", str(told)]) == 0
        figures.append(json.loads(told.read_text(encoding="utf-8")))
    one, other = ({name: f[name] for name in ("escapes", "overkill", "confusion", "count")} for f in figures)
    assert one == other and (one["escapes"]["of"], one["overkill"]["of"]) == (3, 5)


@pytest.mark.parametrize("value", [1, 255])
def test_kolektor_labels_of_0_and_1(tmp_path: Path, value: int) -> None:
    pictures(tmp_path / "kos00", "Part0.jpg", "Part1.jpg")
    write_mask(tmp_path / "kos00" / "Part0_label.png", BOX // 255 * value)
    write_mask(tmp_path / "kos00" / "Part1_label.png", EMPTY)
    assert labels(tmp_path) == {"kos00/Part0.jpg": "defect", "kos00/Part1.jpg": "ok"}


def test_one_mask_of_0_and_1_among_others_of_255(tmp_path: Path) -> None:
    pictures(tmp_path / "images", "d0.png", "d1.png", "s.png")
    for name, mask in (("d0", BOX // 255), ("d1", BOX), ("s", EMPTY)):
        write_mask(tmp_path / "masks" / f"{name}.png", mask)
    assert labels(tmp_path) == {"images/d0.png": "defect", "images/d1.png": "defect", "images/s.png": "ok"}


@pytest.mark.parametrize("before", [{"imageData": "A" * 9000}, {"flags": {f"flag {n}": False for n in range(900)}}])
def test_labelme_shapes_behind_a_picture_or_many_flags(tmp_path: Path, before: dict[str, Any]) -> None:
    pictures(tmp_path, "p.jpg", "s.jpg")
    write_text(tmp_path / "p.json", json.dumps({**before, "shapes": [{"label": "scratch", "points": OUTLINE}]}))
    assert labels(tmp_path) == {"p.jpg": "scratch", "s.jpg": "ok"}


def test_labelme_mask_shape(tmp_path: Path) -> None:
    pictures(tmp_path, "p.jpg", "s.jpg")
    coded = base64.b64encode(cv2.imencode(".png", np.full((12, 16), 255, np.uint8))[1].tobytes()).decode()
    labelme(tmp_path / "p.json", {"shape_type": "mask", "points": [[6, 4], [21, 15]], "mask": coded})
    assert labels(tmp_path) == {"p.jpg": "scratch", "s.jpg": "ok"}
    assert np.array_equal(mask_of(tmp_path, "p.jpg"), BOX)


def test_labelme_rotation(tmp_path: Path) -> None:
    pictures(tmp_path, "p.jpg", "s.jpg")
    labelme(tmp_path / "p.json", {"shape_type": "rotation", "points": OUTLINE, "direction": 0.3})
    assert np.array_equal(mask_of(tmp_path, "p.jpg"), BOX) and labels(tmp_path)["p.jpg"] == "scratch"


def test_labelme_polygon_of_two_points_beside_a_whole_one(tmp_path: Path) -> None:
    pictures(tmp_path, "p.jpg", "s.jpg")
    labelme(tmp_path / "p.json", {"points": OUTLINE}, {"points": OUTLINE[:2]})
    with pytest.raises(DatasetError, match=r"p.json shape 2: is a polygon with 2 points"):
        open_dataset(str(tmp_path))
    assert look_at_dataset(str(tmp_path)).counts() == {"ok": 1, "scratch": 1}


@pytest.mark.parametrize(("known", "refused"), [(True, False), (False, True)])
def test_labelme_flag_of_the_whole_picture(tmp_path: Path, known: bool, refused: bool) -> None:
    pictures(tmp_path, "p.jpg", "q.jpg", "s.jpg")
    labelme(tmp_path / "p.json", {"points": OUTLINE})
    labelme(tmp_path / "q.json", flags={"scratch" if known else "glossy": True, "ok": False})
    if refused:
        with pytest.raises(DatasetError, match=r"q.jpg: its flag glossy is the name of no class"):
            open_dataset(str(tmp_path))
        assert "q.jpg" not in {s.key for s in open_dataset(str(tmp_path), without_label="ok").samples}
    else:
        assert labels(tmp_path) == {"p.jpg": "scratch", "q.jpg": "scratch", "s.jpg": "ok"}


def test_labelme_names_of_another_case_with_accents_and_in_two_folders(tmp_path: Path) -> None:
    pictures(tmp_path, "Grat ä.jpg", "IMG_1.JPG", "s.jpg", "s/c.jpg", "t/c.jpg")
    labelme(tmp_path / "Grat a\u0308.json", {"points": OUTLINE}, imagePath="Grat a\u0308.jpg")
    labelme(tmp_path / "img_1.json", {"points": OUTLINE}, imagePath="img_1.jpg")
    labelme(tmp_path / "s" / "c.json", {"points": OUTLINE})
    labelme(tmp_path / "t" / "c.json")
    sound = {"s.jpg": "ok", "t/c.jpg": "ok"}
    bad = dict.fromkeys(("Grat ä.jpg", "IMG_1.JPG", "s/c.jpg"), "scratch")
    assert labels(tmp_path) == {**sound, **bad}


def test_labels_of_a_picture_that_is_held_upside_down(tmp_path: Path) -> None:
    pictures(tmp_path, "p.jpg", "s.jpg")
    turn(tmp_path / "p.jpg", 3)
    labelme(tmp_path / "p.json", {"points": OUTLINE})
    assert np.array_equal(mask_of(tmp_path, "p.jpg"), BOX[::-1, ::-1])


def test_yolo_texts_beside_the_pictures_of_one_folder_and_in_labels_of_another(tmp_path: Path) -> None:
    write_text(tmp_path / "data.yaml", "names: [scratch]\n")
    pictures(tmp_path, "a/images/p0.jpg", "b/images/p1.jpg", "b/images/P2.jpg", "b/images/s.jpg")
    for name, text in (("a/labels/p0", YOLO_BOX), ("b/images/p1", YOLO_BOX), ("b/images/p2", YOLO_BOX)):
        write_text(tmp_path / f"{name}.txt", text)
    write_text(tmp_path / "b" / "images" / "s.txt", "")
    assert {Path(key).stem.lower(): label for key, label in labels(tmp_path).items()} == {
        **dict.fromkeys(("p0", "p1", "p2"), "scratch"),
        "s": "ok",
    }


def test_yolo_text_of_two_pictures(tmp_path: Path) -> None:
    write_text(tmp_path / "data.yaml", "names: [scratch]\n")
    pictures(tmp_path / "images", "p.bmp", "p.jpg", "q.jpg", "s.jpg")
    for name in ("p", "q"):
        write_text(tmp_path / "labels" / f"{name}.txt", YOLO_BOX)
    with pytest.raises(DatasetError, match=r"p.txt: more than one picture has that name"):
        open_dataset(str(tmp_path))
    assert look_at_dataset(str(tmp_path)).counts() == {"ok": 1, "scratch": 1}


def test_yolo_classes_with_a_blank_line(tmp_path: Path) -> None:
    write_text(tmp_path / "classes.txt", "scratch\n\ndent\n")
    pictures(tmp_path / "images", "p0.jpg", "p1.jpg", "p2.jpg")
    for number in range(3):
        write_text(tmp_path / "labels" / f"p{number}.txt", f"{number}{YOLO_BOX[1:]}")
    dataset = open_dataset(str(tmp_path))
    assert [(s.key, s.label) for s in dataset.samples] == [("images/p0.jpg", "scratch"), ("images/p2.jpg", "dent")]
    assert [one.reason for one in dataset.unused] == ["has the class 1, which has no name."]


def test_coco_polygon_of_two_points(tmp_path: Path) -> None:
    pictures(tmp_path / "images", "p0.jpg", "p1.jpg", "s.jpg")
    images = [
        {"id": n, "file_name": f"{name}.jpg", "height": 24, "width": 32} for n, name in enumerate(("p0", "p1", "s"))
    ]
    whole, bad = [v for point in OUTLINE for v in point], [1, 2, 3, 4]
    annotations = [
        {"id": 10 + n, "image_id": n, "category_id": 1, "segmentation": [points], "bbox": [1, 1, 2, 2]}
        for n, points in enumerate((whole, bad))
    ]
    values = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "scratch"}]}
    write_text(tmp_path / "instances_all.json", json.dumps(values))
    with pytest.raises(DatasetError, match=r"annotation 11: on p1.jpg has a polygon of fewer than three points"):
        open_dataset(str(tmp_path))
    assert {s.key: s.label for s in look_at_dataset(str(tmp_path)).samples} == {
        "images/p0.jpg": "scratch",
        "images/s.jpg": "ok",
    }


def test_voc_name_with_a_dot_and_without_suffix(tmp_path: Path) -> None:
    pictures(tmp_path, "other.jpg", "plate.1.jpg", "plate.jpg")
    voc(tmp_path / "plate.1.xml", "plate.1", "scratch")
    voc(tmp_path / "other.xml", "other", "dent")
    assert labels(tmp_path) == {"other.jpg": "dent", "plate.1.jpg": "scratch"}


@pytest.mark.parametrize(("encoding", "name"), [("gb2312", "划痕"), ("shift_jis", "きず"), ("utf-16", "Riß")])
def test_voc_in_other_encodings(tmp_path: Path, encoding: str, name: str) -> None:
    pictures(tmp_path, "p.jpg", "s.jpg")
    voc(tmp_path / "p.xml", "p.jpg", name, encoding)
    voc(tmp_path / "s.xml", "s.jpg")
    assert labels(tmp_path) == {"p.jpg": name, "s.jpg": "ok"}


def test_voc_that_is_not_what_it_says_stops_no_other_layout(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/a.jpg", "ng/b.jpg")
    write_text(tmp_path / "ok" / "a.xml", '<?xml version="1.0" encoding="no-such-code"?><annotation/>')
    assert labels(tmp_path) == {"ng/b.jpg": "ng", "ok/a.jpg": "ok"}


@pytest.mark.parametrize("between", [";", ",", "\t"])
def test_severstal_as_a_german_excel_writes_it(tmp_path: Path, between: str) -> None:
    pictures(tmp_path / "train_images", "p0.jpg", "p1.jpg")
    lines = ("ImageId,ClassId,EncodedPixels", f"p0.jpg,1,{RUNS}")
    write_text(tmp_path / "train.csv", "\r\n".join(lines).replace(",", between))
    assert labels(tmp_path) == {"train_images/p0.jpg": "crack", "train_images/p1.jpg": "ok"}
    assert np.array_equal(mask_of(tmp_path, "train_images/p0.jpg"), BOX)


def test_class_folders_with_masks_beside_the_pictures(tmp_path: Path) -> None:
    pictures(tmp_path, "ng/0.png", "ng/0_mask.png", "ng/0_GT.png", "ok/0.png")
    assert labels(tmp_path) == {"ng/0.png": "ng", "ok/0.png": "ok"}
    assert [Path(one.where).name for one in look_at_dataset(str(tmp_path)).unused] == ["0_GT.png", "0_mask.png"]


def test_kolektorsdd2(tmp_path: Path) -> None:
    for part in ("train", "test"):
        pictures(tmp_path / part, "20000.png", "20001.png")
        write_mask(tmp_path / part / "20000_GT.png", BOX)
        write_mask(tmp_path / part / "20001_GT.png", EMPTY)
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "kolektor"
    assert {s.key: (s.label, s.part) for s in dataset.samples} == {
        f"{part}/{name}.png": (label, part)
        for part in ("train", "test")
        for name, label in (("20000", "defect"), ("20001", "ok"))
    }


def test_class_folders_with_lots_below(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/lot1/0.jpg", "ng/lot1/0.jpg", "ng/lot2/0.jpg", "Thumbs/0.jpg", "unsorted.jpg")
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.counts()) == ("imagefolder", {"ok": 1, "ng": 2})
    assert dataset.notes == ("2 pictures lie in no class folder and are left out.",)
