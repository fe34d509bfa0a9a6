"""labelme: which files are its own, what a shape may be, and whose picture it lies on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, hollow, write_picture, write_text
from trainer.formats.labels.labelme import looks_like, open_labelme, read_labelme
from trainer.formats.labels.labelme_shapes import area_of
from trainer.formats.samples.unused import Leftovers

MIB = 1024**2

SQUARE = [[4, 4], [10, 4], [10, 9], [4, 9]]


def shape(label: Any = "pit", points: Any = SQUARE, **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, **more}


def write(path: Path, *shapes: Any, **more: Any) -> Path:
    return write_text(path, json.dumps({"imagePath": f"{path.stem}.jpg", "shapes": list(shapes), **more}))


@pytest.mark.parametrize("before", [0, 4096, MIB + 1])
def test_shapes_may_stand_behind_a_whole_picture(tmp_path: Path, before: int) -> None:
    write_text(tmp_path / "a.json", json.dumps({"imageData": "A" * before, "shapes": [shape()]}))
    for number, name in enumerate("ab"):
        write_picture(tmp_path / f"{name}.jpg", number)
    assert looks_like(tmp_path) and open_labelme(tmp_path).counts() == {"ok": 1, "pit": 1}
    write_text(tmp_path / "a.json", json.dumps({"imageData": "A" * before}))
    assert not looks_like(tmp_path)


def test_twenty_files_are_looked_at(tmp_path: Path) -> None:
    for number in range(19):
        write_text(tmp_path / f"{number:02}.json", "{}")
    write(tmp_path / "20.json")
    assert looks_like(tmp_path)
    write_text(tmp_path / "19.json", "{}")
    assert not looks_like(tmp_path)


def test_file_of_256_mib_is_the_longest(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="larger than 256 MiB"):
        read_labelme(hollow(tmp_path / "a.json", 256 * MIB + 1))
    with pytest.raises(DatasetError, match="not text in UTF-8"):
        read_labelme(hollow(tmp_path / "a.json", 1 * MIB))


def test_ten_thousand_shapes_are_taken_and_one_more_is_refused(tmp_path: Path) -> None:
    dot = shape(shape_type="line")
    assert len(read_labelme(write(tmp_path / "a.json", *[dot] * 10_000)).shapes) == 10_000
    with pytest.raises(DatasetError, match="no list of shapes"):
        read_labelme(write(tmp_path / "a.json", *[dot] * 10_001))


@pytest.mark.parametrize(
    ("sides", "size"),
    [
        ({"imageHeight": 24, "imageWidth": 32}, (24, 32)),
        ({"imageHeight": 1, "imageWidth": 1}, (1, 1)),
        ({"imageHeight": 0, "imageWidth": 32}, None),
        ({"imageHeight": 24, "imageWidth": None}, None),
        ({"imageHeight": "24", "imageWidth": 32}, None),
        ({}, None),
    ],
)
def test_size_is_told_where_both_sides_are(tmp_path: Path, sides: dict[str, Any], size: tuple[int, int] | None) -> None:
    assert read_labelme(write(tmp_path / "a.json", **sides)).size == size


@pytest.mark.parametrize(("named", "picture"), [("x/b.png", "x/b.png"), ("", "a.jpg"), (None, "a.jpg"), (3, "a.jpg")])
def test_picture_without_a_name_is_called_as_its_file(tmp_path: Path, named: Any, picture: str) -> None:
    assert read_labelme(write(tmp_path / "a.json", imagePath=named)).picture == picture


@pytest.mark.parametrize(
    ("kind", "points", "area"),
    [
        ("polygon", SQUARE, 30),
        (None, SQUARE, 30),
        ("polygon", [[0, 0], [4, 0], [0, 3]], 6),
        ("rectangle", [[10, 9], [4, 4]], 30),
        ("rectangle", [[4, 9], [10, 4]], 30),
        ("rectangle", SQUARE, 30),
        ("circle", [[5, 5], [8, 9]], 25 * math.pi),
        ("line", [[0, 0], [3, 4]], 5),
        ("linestrip", [[0, 0], [3, 4], [3, 10]], 11),
        ("linestrip", [["0", "0"], [3, 4]], 5),
    ],
)
def test_every_kind_of_shape_is_drawn(tmp_path: Path, kind: str | None, points: Any, area: float) -> None:
    file = read_labelme(write(tmp_path / "a.json", shape(" pit ", points, shape_type=kind)))
    assert [name for name, _ in file.shapes] == ["pit"] and area_of(file.shapes[0][1]) == pytest.approx(area)


def test_points_enclose_nothing_and_are_left_out_and_named(tmp_path: Path) -> None:
    shapes = (shape(points=[[1, 1]], shape_type="point"), shape(points=None, shape_type="points"), shape("rust"))
    left = Leftovers()
    file = read_labelme(write(tmp_path / "a.json", *shapes), left)
    assert ([name for name, _ in file.shapes], file.partly) == (["rust"], True)
    assert [str(one) for one in left.found] == [
        f"{tmp_path / 'a.json'} shape 1: is a point with 1 points, which encloses nothing.",
        f"{tmp_path / 'a.json'} shape 2: has points that cannot be read.",
    ]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (shape(label=" "), "has no label"),
        (shape(label=3), "has no label"),
        ("pit", "has no label"),
        (shape(points=None), "has points that cannot be read"),
        (shape(points=[[1, 2], [3, 4], [5, 6, 7]]), "has points that cannot be read"),
        (shape(points=[[1, 2], [3, 4], 5]), "has points that cannot be read"),
        (shape(points=[[1, 2], [3, 4], [5, True]]), "where a coordinate should be"),
        (shape(points=[[1, 2], [3, 4]]), "a polygon with 2 points"),
        (shape(points=[[1, 2]], shape_type="line"), "a line with 1 points"),
        (shape(points=[[1, 2]], shape_type="linestrip"), "a linestrip with 1 points"),
        (shape(points=[[1, 2]], shape_type="circle"), "a circle with 1 points"),
        (shape(points=SQUARE[:3], shape_type="circle"), "a circle with 3 points"),
        (shape(points=SQUARE[:3], shape_type="rectangle"), "a rectangle with 3 points"),
        (shape(points=[], shape_type="rectangle"), "a rectangle with 0 points"),
        (shape(shape_type="hexagon"), "a hexagon with 4 points"),
        (shape(shape_type="mask"), "a mask without its picture"),
        (shape(shape_type="mask", mask="AAAA"), "a mask without its picture"),
        (shape(points=SQUARE[::2], shape_type="mask", mask="?"), "a mask whose picture cannot be read"),
        (shape(points=SQUARE[::2], shape_type="mask", mask="AAAA"), "a mask whose picture is not grey PNG"),
        (shape(points=SQUARE[::2], shape_type="mask", mask="iVBORw0KGgo="), "a mask whose picture cannot be read"),
    ],
)
def test_shape_that_cannot_be_drawn_is_named(tmp_path: Path, bad: Any, message: str) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        read_labelme(write(tmp_path / "a.json", bad))
    assert "a.json shape 1 " in caught.value.message


def test_largest_area_is_the_label_and_ties_go_by_name(tmp_path: Path) -> None:
    half = [[0, 0], [3, 0], [3, 5], [0, 5]]
    write(tmp_path / "a.json", shape("pit"), shape("rust", half), shape("rust", half), shape("edge", half))
    write(tmp_path / "b.json", shape("pit", half), shape("rust"))
    for number, name in enumerate("abc"):
        write_picture(tmp_path / f"{name}.jpg", number)
    dataset = open_labelme(tmp_path)
    assert [(s.label, s.also, s.has_mask) for s in dataset.samples] == [
        ("pit", ("rust", "edge"), True),
        ("rust", ("pit",), True),
        ("ok", (), True),
    ]
    assert (dataset.classes, dataset.notes, dataset.missing) == (("ok", "edge", "pit", "rust"), (), 0)
    masks = [s.load()[1] for s in dataset.samples]
    assert masks[1] is not None and np.array_equal(masks[1], box_mask(4, 4, 11, 10) | box_mask(0, 0, 4, 6))
    assert masks[2] is not None and not masks[2].any()


def test_picture_is_found_by_the_name_within_the_file_else_by_the_file_s_own(tmp_path: Path) -> None:
    write(tmp_path / "a.json", shape(), imagePath="elsewhere.jpg")
    write(tmp_path / "x.json", shape(), imagePath="..\\pictures\\b.jpg")
    for number, name in enumerate("abc"):
        write_picture(tmp_path / "pictures" / f"{name}.png", number)
    assert [(s.key, s.label) for s in open_labelme(tmp_path).samples] == [
        ("pictures/a.png", "pit"),
        ("pictures/b.png", "pit"),
        ("pictures/c.png", "ok"),
    ]


def test_missing_pictures_are_counted_and_what_follows_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.json", shape())
    write(tmp_path / "b.json", shape())
    write_text(tmp_path / "b2.json", "{}")
    for number, name in enumerate("bc"):
        write_picture(tmp_path / f"{name}.jpg", number)
    dataset = open_labelme(tmp_path)
    assert [(s.key, s.label) for s in dataset.samples] == [("b.jpg", "pit"), ("c.jpg", "ok")]
    assert (dataset.missing, dataset.notes) == (1, ("1 of 2 named pictures are missing and left out.",))


def test_picture_that_two_files_label_is_a_defect_without_a_mask_or_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.json", shape())
    write(tmp_path / "xa.json", shape(), shape(), imagePath="a.jpg")
    write(tmp_path / "b.json", imagePath="b.jpg")
    write(tmp_path / "xb.json", shape(), imagePath="b.jpg")
    write(tmp_path / "c.json", imagePath="c.jpg")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "c.json").write_bytes((tmp_path / "c.json").read_bytes())
    for number, name in enumerate("abc"):
        write_picture(tmp_path / f"{name}.jpg", number)
    dataset = open_labelme(tmp_path)
    assert [(s.key, s.label, s.has_mask) for s in dataset.samples] == [("a.jpg", "pit", False), ("c.jpg", "ok", True)]
    assert [one.reason for one in dataset.unused] == [
        f"{name}.jpg is labelled by {tmp_path / f'{name}.json'} too." for name in "ab"
    ]


@pytest.mark.parametrize(("height", "width"), [SIZE, (None, 32)])
def test_size_that_is_right_or_not_told_is_taken(tmp_path: Path, height: int | None, width: int) -> None:
    write(tmp_path / "a.json", shape(), imageHeight=height, imageWidth=width)
    for number, name in enumerate("ab"):
        write_picture(tmp_path / f"{name}.jpg", number)
    assert open_labelme(tmp_path).counts() == {"ok": 1, "pit": 1}


STAMPS = ("200828110014", "200829110014")


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        ([f"01_{s}_2_crop" for s in STAMPS], ["own", "own"]),
        ([f"01_{s}_2_crop" for s in STAMPS] + [f"02_{STAMPS[0]}_2_crop"], ["01_2_crop"] * 2 + ["02_2_crop"]),
        ([f"01_{s}_2_crop" for s in STAMPS] + ["03_crop"], ["own"] * 3),
    ],
    ids=["one series tells nothing", "two series", "a name that tells none"],
)
def test_series_are_groups_where_every_name_tells_one_and_there_are_several(
    tmp_path: Path, names: list[str], groups: list[str]
) -> None:
    for number, name in enumerate(names):
        write_picture(tmp_path / f"{name}.jpg", number)
    write(tmp_path / f"{names[0]}.json", shape())
    found = [s.group if s.group != s.key else "own" for s in open_labelme(tmp_path).samples]
    assert found == groups
