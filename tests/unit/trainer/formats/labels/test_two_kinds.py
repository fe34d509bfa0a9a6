"""Labels of two kinds in one folder: no picture is sound of which one of them says a defect."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DatasetError
from tests.labelled import box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset

OUTLINE = [[4, 5], [12, 5], [12, 11], [4, 11]]
YOLO_BOX = "0 0.5 0.5 0.2 0.2\n"
VOC_BOX = "<object><name>{}</name><bndbox><xmin>4</xmin><ymin>5</ymin><xmax>12</xmax><ymax>11</ymax></bndbox></object>"
CVAT_BOX = '<box label="scratch" occluded="0" xtl="4" ytl="5" xbr="{}" ybr="11"></box>'


def pictures(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        write_picture(folder / name, number)


def labelme(path: Path, *labels: str, **more: Any) -> None:
    shapes = [{"label": label, "shape_type": "polygon", "points": OUTLINE} for label in labels]
    write_text(path, json.dumps({"flags": {}, "shapes": shapes, "imagePath": f"{path.stem}.jpg", **more}))


def coco(path: Path, *names: str) -> None:
    """The first picture has a box."""
    listed = [{"id": n, "file_name": name, "width": 32, "height": 24} for n, name in enumerate(names)]
    drawn = [{"id": 1, "image_id": 0, "category_id": 1, "bbox": [4, 5, 8, 6]}]
    categories = [{"id": 1, "name": "scratch"}]
    write_text(path, json.dumps({"images": listed, "annotations": drawn, "categories": categories}))


def cvat(path: Path, **drawn: str) -> None:
    image = '<image id="{0}" name="{1}.jpg" width="32" height="24">{2}</image>'
    listed = "".join(image.format(n, name, objects) for n, (name, objects) in enumerate(drawn.items()))
    write_text(path, f"<annotations><version>1.1</version>{listed}</annotations>")


def voc(path: Path, *names: str) -> None:
    objects = "".join(map(VOC_BOX.format, names))
    write_text(path, f"<annotation><filename>{path.stem}.jpg</filename>{objects}</annotation>")


def labels(folder: Path) -> dict[str, str]:
    return {s.key: s.label for s in look_at_dataset(str(folder)).samples}


def unused(folder: Path, layout: str = "") -> list[str]:
    """What is not used, with the data set's folder left out of the words."""
    return [str(one).replace(f"{folder}/", "") for one in look_at_dataset(str(folder), layout).unused]


@pytest.mark.parametrize("listed", [True, False])
def test_empty_labelme_file_beside_a_box_of_yolo(tmp_path: Path, listed: bool) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    labelme(tmp_path / "a.json")
    labelme(tmp_path / "b.json", "scratch")
    labelme(tmp_path / "c.json")
    write_text(tmp_path / "a.txt", YOLO_BOX)
    write_text(tmp_path / "c.txt", "")
    if listed:
        write_text(tmp_path / "classes.txt", "scratch\n")
    assert labels(tmp_path) == {"b.jpg": "scratch", "c.jpg": "ok"}
    words = "a.jpg: as labelme it is ok, and as yolo it is scratch."
    alone = "a.txt: it bears a picture's name, and as labelme nothing is read from it."
    assert unused(tmp_path) == [words if listed else alone]


def test_coco_beside_cvat(tmp_path: Path) -> None:
    pictures(tmp_path, *(f"{name}.jpg" for name in "abcd"))
    coco(tmp_path / "instances_default.json", "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    box, outside = CVAT_BOX.format(12), CVAT_BOX.format(12).replace("label", "name")
    cvat(tmp_path / "annotations.xml", a=box, b=box, c="", d=outside)
    assert labels(tmp_path) == {"a.jpg": "scratch", "c.jpg": "ok", "d.jpg": "ok"}
    assert unused(tmp_path) == [
        "annotations.xml: d.jpg, box 3: has no label.",
        "b.jpg: as coco it has no label, and as cvat it is scratch.",
    ]
    with pytest.raises(DatasetError, match="would be taken for sound"):
        open_dataset(str(tmp_path))


def test_kinds_that_agree_stop_nothing(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    coco(tmp_path / "instances_default.json", "a.jpg", "b.jpg")
    cvat(tmp_path / "annotations.xml", a=CVAT_BOX.format(12), b="")
    assert open_dataset(str(tmp_path)).unused == ()


def test_defect_of_which_another_kind_says_that_it_is_sound(tmp_path: Path) -> None:
    pictures(tmp_path, "images/a.jpg", "images/b.jpg", "images/c.jpg")
    for name, drawn in {"a": ["pit"], "b": ["pit"], "c": []}.items():
        voc(tmp_path / "xml" / f"{name}.xml", *drawn)
    write_text(tmp_path / "data.yaml", "names: [pit]\n")
    for name, text in {"a": YOLO_BOX, "b": "", "c": ""}.items():
        write_text(tmp_path / "labels" / f"{name}.txt", text)
    assert labels(tmp_path) == {"images/a.jpg": "pit", "images/c.jpg": "ok"}
    assert unused(tmp_path) == ["images/b.jpg: as voc it is pit, and as yolo it is ok."]


def test_label_that_another_kind_cannot_use(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    for name, drawn in {"a": ["pit"], "b": [], "c": []}.items():
        voc(tmp_path / f"{name}.xml", *drawn)
    write_text(tmp_path / "classes.txt", "pit\n")
    for name, text in {"a": YOLO_BOX, "b": "7 0.5 0.5 0.2 0.2", "c": ""}.items():
        write_text(tmp_path / f"{name}.txt", text)
    assert labels(tmp_path) == {"a.jpg": "pit", "c.jpg": "ok"}
    assert unused(tmp_path) == [
        "b.txt line 1: has the class 7, which has no name.",
        "b.jpg: as voc it is ok, and as yolo its label is not used.",
    ]


def test_kind_from_which_nothing_can_be_read(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    labelme(tmp_path / "a.json", "pit")
    write_text(tmp_path / "classes.txt", "pit\n")
    write_text(tmp_path / "data.yaml", "names: {}\n")
    write_text(tmp_path / "labels" / "b.txt", YOLO_BOX)
    assert f"{tmp_path}: as yolo nothing can be read: {tmp_path}/data.yaml has no list of names." in [
        str(one) for one in look_at_dataset(str(tmp_path)).unused
    ]
    with pytest.raises(DatasetError, match="would be taken for sound"):
        open_dataset(str(tmp_path))


def test_outline_on_a_picture_whose_folder_says_sound(tmp_path: Path) -> None:
    pictures(tmp_path, "train/good/0.png", "test/good/1.png", "test/scratch/2.png")
    write_mask(tmp_path / "ground_truth" / "scratch" / "2_mask.png", box_mask(4, 5, 12, 11))
    labelme(tmp_path / "test" / "good" / "1.json", "scratch", imagePath="1.png")
    assert labels(tmp_path) == {"test/scratch/2.png": "scratch", "train/good/0.png": "good"}
    assert unused(tmp_path) == ["test/good/1.png: as mvtec it is good, and as labelme it is scratch."]


@pytest.mark.parametrize(
    ("text", "name", "kept"),
    [
        ('{"exposure": 20}', "1.json", True),
        ('{"flags": {}, "imageData": "AA', "1.json", False),
        ("<shot><exposure>20</exposure></shot>", "1.xml", True),
        ("<shot><bndbox>", "1.xml", False),
        ("shot at 20 ms by camera 3", "1.txt", True),
        ("0 0.5 0.5 0.1 0.1", "1.txt", False),
    ],
)
def test_file_beside_a_picture_whose_folder_says_sound(tmp_path: Path, text: str, name: str, kept: bool) -> None:
    pictures(tmp_path, "ok/1.jpg", "ok/2.jpg", "ng/3.jpg")
    write_text(tmp_path / "ok" / name, text)
    assert ("ok/1.jpg" in labels(tmp_path)) is kept
    words = f"ok/{name}: it bears a picture's name, and as imagefolder nothing is read from it."
    assert unused(tmp_path) == ([] if kept else [words])


# ── One part in two files ────────────────────────────────────────────────────────────────────────────────────────────
def test_copy_of_a_labelled_defect_is_not_sound_for_want_of_a_label(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png", "b.png")
    labelme(tmp_path / "a.json", "scratch", imagePath="a.png")
    labelme(tmp_path / "b.json", imagePath="b.png")
    (tmp_path / "YOLODataset" / "images").mkdir(parents=True)
    shutil.copy(tmp_path / "a.png", tmp_path / "YOLODataset" / "images" / "a.png")
    found = open_dataset(str(tmp_path))
    assert [(s.key, s.label) for s in found.samples] == [("a.png", "scratch"), ("b.png", "ok")]
    assert found.notes == ("1 pictures without a label are copies of labelled defects and are left out.",)


@pytest.mark.parametrize("layout", ["labelme", "coco"])
def test_photograph_that_is_saved_as_png_and_as_jpeg(tmp_path: Path, layout: str) -> None:
    pictures(tmp_path, "a.jpg", "a.png", "b.jpg")
    if layout == "labelme":
        labelme(tmp_path / "a.json", "scratch", imagePath="a.png")
        labelme(tmp_path / "b.json")
    else:
        coco(tmp_path / "x.json", "a.png", "a.jpg", "b.jpg")
    assert labels(tmp_path) == {"a.png": "scratch", "b.jpg": "ok"}
    assert unused(tmp_path) == ["a.jpg: it has no label, and a.png, which is scratch, may be the same part."]


def test_yolo_text_of_a_photograph_that_is_saved_as_png_and_as_jpeg(tmp_path: Path) -> None:
    pictures(tmp_path, "images/a.jpg", "images/a.png", "images/b.jpg", "images/c.jpg")
    write_text(tmp_path / "data.yaml", "names: [scratch]\n")
    for name, text in {"a": YOLO_BOX, "b": YOLO_BOX, "c": ""}.items():
        write_text(tmp_path / "labels" / f"{name}.txt", text)
    assert labels(tmp_path) == {"images/b.jpg": "scratch", "images/c.jpg": "ok"}
    words = "more than one picture has that name; which of them it labels cannot be known."
    assert unused(tmp_path) == [f"labels/a.txt: {words}"]


# ── A single mask among other labels ─────────────────────────────────────────────────────────────────────────────────
def test_single_label_picture_makes_no_set_of_masks(tmp_path: Path) -> None:
    pictures(tmp_path, "images/a.jpg", "images/b.jpg", "images/c.jpg")
    write_text(tmp_path / "data.yaml", "names: [scratch]\n")
    for name, text in {"a": YOLO_BOX, "c": ""}.items():
        write_text(tmp_path / "labels" / f"{name}.txt", text)
    write_mask(tmp_path / "images" / "b_label.png", box_mask(4, 5, 12, 11))
    assert look_at_dataset(str(tmp_path)).format == "yolo"
    assert unused(tmp_path) == ["images/b_label.png: it may be a picture's mask, and as yolo nothing is read from it."]
    with pytest.raises(DatasetError, match="would be taken for sound"):
        open_dataset(str(tmp_path))


def test_single_label_picture_in_class_folders(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/a.jpg", "ok/b.jpg", "ng/c.jpg", "ng/e.jpg")
    write_mask(tmp_path / "ng" / "c_label.png", box_mask(4, 5, 12, 11))
    assert labels(tmp_path) == {"ok/a.jpg": "ok", "ok/b.jpg": "ok", "ng/c.jpg": "ng", "ng/e.jpg": "ng"}


# ── Sets that were put together ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["data.yaml", "obj.names", "labels/classes.txt"])
def test_yolo_sets_of_another_order_of_classes_below_one_folder(tmp_path: Path, name: str) -> None:
    write_text(tmp_path / "classes.txt", "ok\nscratch\npit\n")
    for place, names in {"a": ["ok", "scratch", "pit"], "b": ["scratch", "ok", "pit"]}.items():
        pictures(tmp_path / place / "images", "1.jpg", "2.jpg")
        listed = f"names: [{', '.join(names)}]\n" if name.endswith("yaml") else "\n".join(names)
        write_text(tmp_path / place / name, listed)
        write_text(tmp_path / place / "labels" / "1.txt", YOLO_BOX)
        write_text(tmp_path / place / "labels" / "2.txt", "2 0.5 0.5 0.2 0.2\n" if place == "a" else "")
    assert labels(tmp_path) == {"a/images/2.jpg": "pit", "b/images/2.jpg": "ok"}
    assert len(unused(tmp_path)) == 2


def test_mask_of_objects_without_one_of_classes(tmp_path: Path) -> None:
    pictures(tmp_path / "JPEGImages", "a.jpg", "b.jpg", "c.jpg")
    write_text(tmp_path / "labelmap.txt", "background:0,0,0::\nscratch:255,255,255::\n")
    write_text(tmp_path / "ImageSets" / "Segmentation" / "default.txt", "a\nb\nc\n")
    for name in ("SegmentationClass/a.png", "SegmentationObject/a.png", "SegmentationObject/b.png"):
        write_mask(tmp_path / name, box_mask(4, 5, 12, 11))
    words = "it may be a picture's mask, and as colour-masks nothing is read from it."
    assert unused(tmp_path) == [f"SegmentationObject/b.png: {words}"]


def test_voc_file_beside_one_of_two_pictures_of_its_name(tmp_path: Path) -> None:
    pictures(tmp_path, "l1/a.jpg", "l2/a.jpg", "l2/b.jpg")
    for name, drawn in {"l1/a": ["pit"], "l2/a": [], "l2/b": ["pit"]}.items():
        voc(tmp_path / f"{name}.xml", *drawn)
    assert labels(tmp_path) == {"l1/a.jpg": "pit", "l2/a.jpg": "ok", "l2/b.jpg": "pit"}
    assert unused(tmp_path) == []


# ── What no reader reads ─────────────────────────────────────────────────────────────────────────────────────────────
TABLES = {
    "via.json": '{"b.jpg9": {"filename": "b.jpg", "regions": [{"shape_attributes": {"name": "rect", "x": 1}}]}}',
    "createml.json": '[{"image": "B.JPG", "annotations": [{"label": "pit", "coordinates": {"x": 8, "y": 8}}]}]',
    "min.json": '[{"image": "/data/upload/1/b.jpg", "label": [{"x": 1, "rectanglelabels": ["pit"]}]}]',
    "datumaro.json": '{"items": [{"id": "b", "annotations": [{"bbox": [1, 1, 5, 5]}], "image": {"path": "b.jpg"}}]}',
    "_annotations.csv": "filename,width,height,class,xmin,ymin,xmax,ymax\nb.jpg,32,24,pit,4,5,12,11\n",
    "all.xml": '<set><image file="b.jpg"><box top="4" left="5"/></image></set>',
}
HARMLESS = {
    "light.json": '{"b.jpg": {"exposure": 20}}',
    "shots.csv": "file,exposure,gain\nb.jpg,20,3\n",
    "other.csv": "filename,width,height,class,xmin,ymin,xmax,ymax\nz.jpg,32,24,pit,4,5,12,11\n",
    "person_keypoints_val.json": TABLES["datumaro.json"],
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("layout", ["labelme", "coco"])
def test_labels_of_a_kind_that_is_not_read(tmp_path: Path, name: str, layout: str) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    labelme(tmp_path / "a.json", "pit") if layout == "labelme" else coco(tmp_path / "x.json", "a.jpg", "b.jpg")
    write_text(tmp_path / "more" / name, TABLES[name])
    words = f"it tells places in pictures that have no label, and as {layout} it is not read."
    cut = "is not a JSON object."  # As COCO's it begins.
    assert unused(tmp_path) == [f"more/{name}: {cut if (layout, name) == ('coco', 'createml.json') else words}"]
    with pytest.raises(DatasetError, match="would be taken for sound"):
        open_dataset(str(tmp_path))


@pytest.mark.parametrize("name", HARMLESS)
def test_tables_that_tell_no_places_in_pictures_without_label_stop_nothing(tmp_path: Path, name: str) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    coco(tmp_path / "x.json", "a.jpg", "b.jpg")
    write_text(tmp_path / "more" / name, HARMLESS[name])
    assert open_dataset(str(tmp_path)).unused == ()


@pytest.mark.parametrize("name", ["images/b_mask.png", "images/b.png", "masks/b.png"])
@pytest.mark.parametrize("drawn", [True, False])
def test_mask_of_a_picture_whose_label_says_sound(tmp_path: Path, name: str, drawn: bool) -> None:
    pictures(tmp_path, "images/a.jpg", "images/b.jpg", "images/c.jpg")
    write_text(tmp_path / "data.yaml", "names: [scratch]\n")
    for stem, text in {"a": YOLO_BOX, "b": "", "c": ""}.items():
        write_text(tmp_path / "labels" / f"{stem}.txt", text)
    write_mask(tmp_path / name, box_mask(4, 5, 12, 11) if drawn else box_mask(0, 0, 0, 0))
    assert ("images/b.jpg" in labels(tmp_path)) is not drawn
    words = f"{name}: it may be a picture's mask, and as yolo nothing is read from it."
    assert unused(tmp_path) == ([words] if drawn else [])


def test_masks_of_all_defects_in_class_folders(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/a.jpg", "ok/b.jpg", "ng/c.jpg", "ng/d.jpg")
    for name in "cd":
        write_mask(tmp_path / "ng" / f"{name}_label.png", box_mask(4, 5, 12, 11))
    assert sorted(labels(tmp_path)) == ["ng/c.jpg", "ng/d.jpg", "ok/a.jpg", "ok/b.jpg"]
