"""A defect that is told in another place than where the reader looks first: a folder, a second entry, another tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DatasetError
from tests.labelled import box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import look_at_dataset, open_dataset

YOLO_BOX = "0 0.5 0.5 0.2 0.2\n"


def pictures(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        write_picture(folder / name, number)


def labelme(path: Path, *labels: str) -> None:
    points = [[6, 4], [21, 4], [21, 15], [6, 15]]
    shapes = [{"label": label, "shape_type": "polygon", "points": points} for label in labels]
    write_text(path, json.dumps({"flags": {}, "shapes": shapes, "imagePath": f"{path.stem}.jpg"}))


def labels(folder: Path, *ok_classes: str) -> dict[str, str]:
    return {s.key: s.label for s in look_at_dataset(str(folder), ok_classes=ok_classes).samples}


def unused(folder: Path) -> list[str]:
    """What is not used, with the data set's folder left out of the words."""
    return [str(one).replace(f"{folder}/", "") for one in look_at_dataset(str(folder)).unused]


def refused(folder: Path) -> bool:
    try:
        open_dataset(str(folder))
    except DatasetError:
        return True
    return False


# ── Folders ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_defective_folder_in_which_drawing_was_only_begun(tmp_path: Path) -> None:
    pictures(tmp_path, "ok/1.jpg", "ng/2.jpg", "ng/3.jpg")
    labelme(tmp_path / "ng" / "2.json", "scratch")
    assert labels(tmp_path) == {"ng/2.jpg": "scratch", "ok/1.jpg": "ok"}
    assert unused(tmp_path) == ["ng/3.jpg: it has no label, and its folder ng says defective."]
    assert refused(tmp_path)


def test_empty_text_in_a_defective_folder(tmp_path: Path) -> None:
    pictures(tmp_path, "images/ok/1.jpg", "images/ng/2.jpg", "images/ng/3.jpg")
    write_text(tmp_path / "data.yaml", "names: [scratch]\n")
    for name, text in {"ok/1": "", "ng/2": YOLO_BOX, "ng/3": ""}.items():
        write_text(tmp_path / "labels" / f"{name}.txt", text)
    assert labels(tmp_path) == {"images/ng/2.jpg": "scratch", "images/ok/1.jpg": "ok"}
    assert unused(tmp_path) == ["images/ng/3.jpg: its label says ok, and its folder ng says defective."]


@pytest.mark.parametrize("mask", ["images/{}.jpg masks/{}.png", "{}.jpg {}_label.png"])
def test_empty_mask_in_a_defective_folder(tmp_path: Path, mask: str) -> None:
    picture, drawn = mask.split()
    for number, (name, pixels) in enumerate({"ng/1": (0, 0), "ng/2": (9, 9), "ok/3": (0, 0)}.items()):
        write_picture(tmp_path / picture.format(name), number)
        write_mask(tmp_path / drawn.format(name), box_mask(0, 0, *pixels))
    assert list(labels(tmp_path).values()) == ["defect", "ok"]
    assert [words.split(": ")[1] for words in unused(tmp_path)] == [
        "its label says ok, and its folder ng says defective."
    ]


def test_who_says_that_a_folder_is_sound_is_believed(tmp_path: Path) -> None:
    pictures(tmp_path, "images/scrap/1.jpg", "images/scrap/2.jpg", "images/3.jpg")
    write_text(tmp_path / "data.yaml", "names: [scratch, scrap]\n")
    for name, text in {"scrap/1": YOLO_BOX, "scrap/2": "1 0.5 0.5 0.2 0.2\n", "3": YOLO_BOX}.items():
        write_text(tmp_path / "labels" / f"{name}.txt", text)
    assert labels(tmp_path, "scrap")["images/scrap/2.jpg"] == "scrap"


def test_dagm_whose_label_folder_was_not_copied(tmp_path: Path) -> None:
    pictures(tmp_path, "Class1/Train/1.PNG", "Class1/Train/2.PNG", "Class1/Test/3.PNG", "Class2/Test/4.PNG")
    write_mask(tmp_path / "Class1" / "Train" / "Label" / "2_label.PNG", box_mask(4, 5, 10, 9))
    reason = "it has no folder Label, so which of its pictures are defective cannot be known."
    assert unused(tmp_path) == [f"Class1/Test: {reason}", f"Class2/Test: {reason}"]
    assert refused(tmp_path)


# ── Manifests ────────────────────────────────────────────────────────────────────────────────────────────────────────
BOXES = {"image_size": [{"width": 32, "height": 24}], "annotations": [{"class_id": 0, "top": 4, "left": 5}]}


def line(name: str, *jobs: tuple[Any, dict[str, Any]]) -> str:
    told = {f"job{n}{end}": one for n, job in enumerate(jobs) for end, one in zip(("", "-metadata"), job, strict=True)}
    return json.dumps({"source-ref": f"s3://bucket/{name}", **told}) + "\n"


@pytest.mark.parametrize(
    "second",
    [(1, {"class-name": "scratch"}), (BOXES, {"class-map": {"0": "scratch"}}), ([0], {"class-map": {"0": "scratch"}})],
)
def test_manifest_line_of_two_jobs_that_contradict(tmp_path: Path, second: tuple[Any, dict[str, Any]]) -> None:
    pictures(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    normal = (0, {"class-name": "normal"})
    write_text(
        tmp_path / "output.manifest",
        line("1.jpg", normal, second) + line("2.jpg", (1, {"class-name": "scratch"}), second) + line("3.jpg", normal),
    )
    assert labels(tmp_path) == {"2.jpg": "scratch", "3.jpg": "normal"}
    assert unused(tmp_path) == ["output.manifest line 1: says normal and scratch of one picture."]


# ── Label Studio ─────────────────────────────────────────────────────────────────────────────────────────────────────
def task(name: str, *results: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "annotations": [{"id": 1, "result": results}], "data": {"image": f"/data/upload/1/{name}"}}


def result(kind: str, value: Any, known: str = "r") -> dict[str, Any]:
    return {"id": known, "type": kind, "value": {kind: value}, "from_name": "l", "to_name": "image"}


def test_label_studio_choices_in_a_tree(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    trees = {"a.jpg": [["defect", "scratch"]], "b.jpg": [["OK", "front"]], "c.jpg": "scratch"}
    write_text(tmp_path / "p.json", json.dumps([task(n, result("taxonomy", tree)) for n, tree in trees.items()]))
    assert labels(tmp_path) == {"a.jpg": "scratch", "b.jpg": "OK"}
    assert unused(tmp_path) == ["p.json task c.jpg result 1: (taxonomy) has no label."]


def test_label_studio_relation_between_regions_says_nothing_of_the_picture(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    joins = {"type": "relation", "from_id": "r", "to_id": "s", "direction": "right"}
    listed = [task("a.jpg", result("choices", ["scratch"]), joins), task("b.jpg")]
    write_text(tmp_path / "p.json", json.dumps(listed))
    assert labels(tmp_path) == {"a.jpg": "scratch", "b.jpg": "ok"}
    assert unused(tmp_path) == []


# ── COCO and Pascal VOC ──────────────────────────────────────────────────────────────────────────────────────────────
def test_coco_category_number_of_two_names_labels_nothing(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    listed = [{"id": n, "file_name": f"{name}.jpg", "width": 32, "height": 24} for n, name in enumerate("abc")]
    categories = [{"id": 1, "name": "scratch"}, {"id": 2, "name": "pit"}, {"id": 1, "name": "ok"}]
    drawn = [{"id": n, "image_id": n, "category_id": n + 1, "bbox": [4, 5, 8, 6]} for n in range(2)]
    write_text(tmp_path / "x.json", json.dumps({"images": listed, "annotations": drawn, "categories": categories}))
    assert labels(tmp_path) == {"b.jpg": "pit", "c.jpg": "ok"}
    assert unused(tmp_path) == ["x.json annotation 0: on a.jpg is of a category without a name, or with two."]
    assert refused(tmp_path)


def test_voc_box_outside_of_its_picture(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    corners = "<xmin>{1}</xmin><ymin>4</ymin><xmax>{1}9</xmax><ymax>9</ymax>"
    box = f"<object><name>{{0}}</name><bndbox>{corners}</bndbox></object>"
    for name, objects in {"a": box.format("pit", 60), "b": box.format("pit", 1), "c": ""}.items():
        write_text(tmp_path / f"{name}.xml", f"<annotation><filename>{name}.jpg</filename>{objects}</annotation>")
    assert labels(tmp_path) == {"b.jpg": "pit", "c.jpg": "ok"}
    assert unused(tmp_path) == ["a.xml box of pit: lies outside of the picture of 32×24 pixels."]
