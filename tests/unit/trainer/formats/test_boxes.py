"""Layouts with boxes: Pascal VOC, GC10-DET, YOLO."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from engine.errors import DatasetError
from tests.labelled import SIZE, write_picture, write_text
from trainer.formats.detect import open_dataset
from trainer.formats.labels.voc import read_voc
from trainer.formats.published.gc10 import NAMES, class_name

Box = tuple[str, int, int, int, int]


def voc_text(name: str, boxes: list[Box], folder: str = "") -> str:
    objects = "".join(
        f"<object><name>{label}</name><difficult>0</difficult><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin>"
        f"<xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox><part><name>head</name></part></object>"
        for label, x0, y0, x1, y1 in boxes
    )
    size = f"<size><width>{SIZE[1]}</width><height>{SIZE[0]}</height><depth>1</depth></size>"
    return f"<annotation><folder>{folder}</folder><filename>{name}</filename>{size}{objects}</annotation>"


def write_gc10(folder: Path, labels: str, pictures: str) -> None:
    shown: dict[str, list[Box]] = {
        "img_01_425005700_00154": [("1_chongkong", 0, 0, 4, 4), ("8_yahen", 0, 0, 9, 9), ("1_chongkong", 8, 8, 16, 16)],
        "img_01_425005700_00155": [("10_yaozhe", 1, 1, 5, 5), ("stray", 0, 0, 20, 20)],
        "img_02_425005700_00156": [("10_yaozhed", 1, 1, 5, 5)],
        "img_02_425005700_00157": [("stray", 0, 0, 20, 20)],
    }
    for number, (name, boxes) in enumerate(shown.items()):
        write_text(folder / labels / f"{name}.xml", voc_text(f"{name}.jpg", boxes, str(number)))
        write_picture(folder / pictures.format(number) / f"{name}.jpg", number)


@pytest.mark.parametrize(("labels", "pictures"), [("label", "{}"), ("lable", "images/{}"), (".", "."), ("label", ".")])
def test_gc10_takes_the_class_from_the_name_and_not_from_the_folder(tmp_path: Path, labels: str, pictures: str) -> None:
    write_gc10(tmp_path, labels, pictures)
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.ok_classes) == ("gc10", ())
    assert [(s.label, s.also, s.has_mask) for s in sorted(dataset.samples, key=lambda s: Path(s.key).name)] == [
        ("rolled_pit", ("punching",), False),
        ("waist_folding", (), False),
        ("waist_folding", (), False),
    ]
    assert len({s.group for s in dataset.samples}) == 3
    assert "1 pictures show no object of a known class and are left out." in dataset.notes


def test_gc10_copy_in_two_class_folders_is_taken_once(tmp_path: Path) -> None:
    write_gc10(tmp_path, "label", "{}")
    name = "img_01_425005700_00154.jpg"
    (tmp_path / "2" / name).write_bytes((tmp_path / "0" / name).read_bytes())
    assert [s.key for s in open_dataset(str(tmp_path)).samples if name in s.key] == [f"0/{name}"]


def test_gc10_without_its_pictures_says_so(tmp_path: Path) -> None:
    write_text(tmp_path / "label" / "a.xml", voc_text("a.jpg", [("1_chongkong", 0, 0, 4, 4)]))
    with pytest.raises(DatasetError, match="names 1 pictures and all 1 are missing; they are looked for in"):
        open_dataset(str(tmp_path))


def test_voc_keeps_names_parts_and_sound_pictures(tmp_path: Path) -> None:
    for number, boxes in enumerate(([("dent", 0, 0, 4, 4), ("pit", 0, 0, 9, 9)], [], [("dent", 0, 0, 4, 4)])):
        write_text(tmp_path / "Annotations" / f"p{number}.xml", voc_text(f"p{number}.jpg", boxes))
        write_picture(tmp_path / "JPEGImages" / f"p{number}.jpg", number)
    write_picture(tmp_path / "JPEGImages" / "p9.jpg", 9)
    write_text(tmp_path / "ImageSets" / "Main" / "trainval.txt", "p0\np1\n")
    write_text(tmp_path / "ImageSets" / "Main" / "val.txt", "p1\n")
    write_text(tmp_path / "ImageSets" / "Main" / "test.txt", "p2 1\n")
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.classes, dataset.ok_classes) == ("voc", ("ok", "dent", "pit"), ("ok",))
    assert [(s.label, s.also, s.part) for s in dataset.samples] == [
        ("pit", ("dent",), "train"),
        ("ok", (), "validation"),
        ("dent", (), "test"),
    ]
    assert dataset.notes == ("1 pictures have no XML file and are left out.",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]><annotation>&x;</annotation>', "DOCTYPE"),
        ("<annotation><object></annotation>", "not valid XML"),
        ("<html></html>", "not a Pascal VOC file"),
        (voc_text("a.jpg", [("dent", 0, 0, 4, 4)]).replace("<xmin>0", "<xmin>1e400"), "where a coordinate should be"),
        (voc_text("a.jpg", [("dent", 0, 0, 4, 4)]).replace("<ymax>4</ymax>", ""), "no name or no box"),
    ],
)
def test_bad_xml_is_one_sentence_that_names_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = write_text(tmp_path / "a.xml", text)
    with pytest.raises(DatasetError, match=message) as caught:
        read_voc(path)
    assert str(path) in caught.value.message


def write_yolo(folder: Path, *, split: bool) -> None:
    write_text(folder / "data.yaml", 'path: .\ntrain: images\nnames:\n  0: "deep: pit"\n  1: scratch\n  2: rust\n')
    lines = {
        "a": "0 0.5 0.5 0.25 0.5\n1 0.5 0.5 0.5 0.5\n",
        "b": "1 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n",
        "c": "",
    }
    for number, (name, text) in enumerate(lines.items()):
        part = ("train", "val", "test")[number] if split else ""
        write_picture(folder / "images" / part / f"{name}.jpg", number)
        if text:
            write_text(folder / "labels" / part / f"{name}.txt", text)


@pytest.mark.parametrize("split", [False, True])
def test_yolo_reads_boxes_polygons_and_parts(tmp_path: Path, split: bool) -> None:
    write_yolo(tmp_path, split=split)
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.classes) == ("yolo", ("ok", "deep: pit", "scratch"))
    assert {Path(s.key).stem: (s.label, s.also, s.has_mask) for s in dataset.samples} == {
        "a": ("scratch", ("deep: pit",), False),
        "b": ("scratch", (), True),
        "c": ("ok", (), True),
    }
    assert {s.part for s in dataset.samples} == ({"train", "validation", "test"} if split else {""})
    assert dataset.notes == ("No picture shows rust.",)
    outlined = next(s for s in dataset.samples if Path(s.key).stem == "b")
    _, mask = outlined.load()
    assert mask is not None and 11 * 15 <= int((mask > 0).sum()) <= 13 * 17 and mask[12, 16] == 255


def test_yolo_of_roboflow_and_of_darknet_are_found(tmp_path: Path) -> None:
    for name, label in (("a", "0 0.5 0.5 0.2 0.2"), ("b", "")):
        write_picture(tmp_path / "robo" / "valid" / "images" / f"{name}.jpg", 1 if label else 2)
        write_text(tmp_path / "robo" / "valid" / "labels" / f"{name}.txt", label)
        write_picture(tmp_path / "dark" / "obj" / f"{name}.jpg", 1 if label else 2)
        write_text(tmp_path / "dark" / "obj" / f"{name}.txt", label)
    write_text(tmp_path / "robo" / "data.yaml", "nc: 1\nnames: ['pit']\n")
    write_text(tmp_path / "dark" / "obj.names", "pit\n")
    robo, dark = open_dataset(str(tmp_path / "robo")), open_dataset(str(tmp_path / "dark"))
    assert [(d.format, [s.label for s in d.samples]) for d in (robo, dark)] == [("yolo", ["pit", "ok"])] * 2
    assert {s.part for s in robo.samples} == {"validation"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7 0.5 0.5 0.1 0.1", "no name"),
        ("0 0.5 0.5 1.5 0.1", "outside the picture"),
        ("0 0.5 nan 0.5 0.1", "outside the picture"),
        ("0 0.5 0.5 0.5", "neither a box nor a polygon"),
        ("zero 0.5 0.5 0.5 0.5", "not made of numbers"),
    ],
)
def test_bad_yolo_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    write_yolo(tmp_path, split=False)
    write_text(tmp_path / "labels" / "a.txt", f"\n{line}\n")
    with pytest.raises(DatasetError, match=message) as caught:
        open_dataset(str(tmp_path))
    assert "a.txt line 2" in caught.value.message


def test_yaml_that_makes_objects_or_multiplies_is_refused(tmp_path: Path) -> None:
    write_yolo(tmp_path, split=False)
    write_text(tmp_path / "data.yaml", "names: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(DatasetError, match="not valid YAML"):
        open_dataset(str(tmp_path), "yolo")
    write_text(tmp_path / "data.yaml", "a: &a [x, x]\nnames: [*a, *a]\n")
    with pytest.raises(DatasetError, match="aliases"):
        open_dataset(str(tmp_path), "yolo")


@pytest.mark.data
def test_real_gc10_objects_are_counted_as_a_plain_search_does(real_data: Path) -> None:
    files = sorted((real_data / "gc10" / "label").glob("*.xml"))
    plain = Counter[str]()
    for path in files:
        plain.update(re.findall(r"<name>\s*\d+_(\w+?)\s*</name>", path.read_text(encoding="utf-8")))
    expected = Counter[str]()
    for pinyin, count in plain.items():
        expected[NAMES[pinyin]] += count
    found = Counter(class_name(box.name) for path in files for box in read_voc(path).boxes)
    assert len(files) == 158 and found == expected and set(found) == set(NAMES.values())
    assert {(file.width, file.height) for file in map(read_voc, files)} == {(2048, 1000)}
    assert found.total() == 227
