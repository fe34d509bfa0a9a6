"""Layouts with masks and outlines: labelme, COCO, magnetic tiles, KolektorSDD, Lineside's own exports."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest

from db.datasets.samples import Roles, Sample
from db.datasets.writers import Format, writer
from engine.errors import DatasetError
from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import open_dataset


def shape(label: str, kind: str, *points: tuple[float, float]) -> dict[str, Any]:
    return {"label": label, "points": [list(p) for p in points], "shape_type": kind, "group_id": None, "flags": {}}


def labelme(picture: str, *shapes: dict[str, Any], **more: Any) -> str:
    values = {"version": "5.4.1", "flags": {}, "shapes": list(shapes), "imagePath": picture, "imageData": "A" * 5000}
    return json.dumps({**values, "imageHeight": SIZE[0], "imageWidth": SIZE[1], **more})


PIT = shape("pit", "polygon", (4, 4), (10, 4), (10, 9), (4, 9))


@pytest.mark.parametrize(("pictures", "labels", "named"), [("data", "label", "..\\data\\a.jpg"), (".", ".", "a.jpg")])
def test_labelme_shapes_become_labels_and_masks(tmp_path: Path, pictures: str, labels: str, named: str) -> None:
    wide = shape("scratch", "rectangle", (30, 20), (12, 3))
    for number, name in enumerate("abc"):
        write_picture(tmp_path / pictures / f"{name}.jpg", number)
    write_text(tmp_path / labels / "a.json", labelme(named, PIT, wide))
    others = (shape("pit", "circle", (15, 12), (18, 12)), shape("edge", "linestrip", (0, 0), (0, 10)))
    write_text(tmp_path / labels / "b.json", labelme("b.jpg", *others))
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.ok_classes) == ("labelme", ("ok",))
    assert [(s.label, s.also) for s in dataset.samples] == [("scratch", ("pit",)), ("pit", ("edge",)), ("ok", ())]
    masks = [s.load()[1] for s in dataset.samples]
    assert masks[0] is not None and np.array_equal(masks[0], box_mask(4, 4, 11, 10) | box_mask(12, 3, 31, 21))
    assert masks[1] is not None and masks[1][12, 18] == 255 == masks[1][10, 0] and masks[1][12, 20] == 0
    assert masks[2] is not None and not masks[2].any()


@pytest.mark.parametrize(("last", "groups"), [("01_200902053521_585000_090_crop_2", 2), ("other", 3)])
def test_labelme_time_series_are_groups_where_every_name_tells_one(tmp_path: Path, last: str, groups: int) -> None:
    for number, name in enumerate(("01_200828110014_277500_315_crop_2", "01_200829110014_277500_315_crop_2", last)):
        write_picture(tmp_path / "data" / f"{name}.jpg", number)
    write_text(tmp_path / "label" / "01_200828110014_277500_315_crop_2.json", labelme("x.jpg", PIT))
    assert len({s.group for s in open_dataset(str(tmp_path)).samples}) == groups


def test_labelme_never_reads_outside_the_data_set(tmp_path: Path) -> None:
    write_picture(tmp_path / "secret.jpg", 1)
    write_text(tmp_path / "set" / "a.json", labelme("../secret.jpg", PIT))
    with pytest.raises(DatasetError, match="names 1 pictures and all 1 are missing"):
        open_dataset(str(tmp_path / "set"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (labelme("a.jpg", PIT, imageHeight=99), "made for 32×99 pixels, but the picture"),
        (labelme("a.jpg", shape("pit", "polygon", (1, 1), (2, 2))), "a polygon with 2 points"),
        (labelme("a.jpg", shape("pit", "hexagon", (1, 1), (2, 2))), "a hexagon with 2 points"),
        (labelme("a.jpg", shape("", "polygon", (1, 1), (2, 2), (3, 1))), "has no label"),
        (labelme("a.jpg", shape("pit", "polygon", (1, 1e99), (2, 2), (3, 1))), "where a coordinate should be"),
        (labelme("a.jpg", PIT)[:-9], "not valid JSON"),
        ('{"shapes": 3}', "no list of shapes"),
    ],
)
def test_bad_labelme_file_is_one_sentence_that_names_it(tmp_path: Path, text: str, message: str) -> None:
    write_picture(tmp_path / "a.jpg", 1)
    path = write_text(tmp_path / "a.json", text)
    with pytest.raises(DatasetError, match=message) as caught:
        open_dataset(str(tmp_path))
    assert str(path) in caught.value.message


def coco(*annotations: dict[str, Any], height: int = SIZE[0]) -> str:
    names = ("a.jpg", "b.jpg", "c.jpg")
    images = [{"id": n, "file_name": name, "height": height, "width": SIZE[1]} for n, name in enumerate(names)]
    categories = [{"id": 7, "name": "pit"}, {"id": 9, "name": "scratch"}, {"id": 11, "name": "rust"}]
    listed = [{"id": n, "iscrowd": 0, **a} for n, a in enumerate(annotations)]
    return json.dumps({"images": images, "annotations": listed, "categories": categories})


def outlined(image: int, category: int, segmentation: Any) -> dict[str, Any]:
    box = {"bbox": [0, 0, 4, 4], "area": 16}
    return {"image_id": image, "category_id": category, "segmentation": segmentation, **box}


RUNS = {"size": list(SIZE), "counts": [SIZE[0] * 3, 5, SIZE[0] * SIZE[1] - SIZE[0] * 3 - 5]}


@pytest.mark.parametrize(
    ("file", "place", "part"),
    [
        ("annotations/instances_train2017.json", "images/train2017", "train"),
        ("valid/_annotations.coco.json", "valid", "validation"),
        ("annotations.json", "images", ""),
    ],
)
def test_coco_polygons_and_run_lengths(tmp_path: Path, file: str, place: str, part: str) -> None:
    polygon = [[4, 4, 10, 4, 10, 9, 4, 9]]
    text = coco(outlined(0, 7, RUNS), outlined(0, 9, polygon), outlined(1, 7, []))
    write_text(tmp_path / file, text)
    for number, name in enumerate("abc"):
        write_picture(tmp_path / place / f"{name}.jpg", number)
    write_picture(tmp_path / place / "unlisted.jpg", 9)
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.classes) == ("coco", ("ok", "pit", "scratch"))
    assert [(s.label, s.also, s.has_mask, s.part) for s in dataset.samples] == [
        ("scratch", ("pit",), True, part),
        ("pit", (), False, part),
        ("ok", (), True, part),
    ]
    assert dataset.notes == (
        "No picture shows rust.",
        "1 pictures are in no annotations file and are left out.",
    )
    _, mask = dataset.samples[0].load()
    assert mask is not None and np.array_equal(mask, box_mask(3, 0, 4, 5) | box_mask(4, 4, 11, 10))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (coco(outlined(5, 7, [])), "of a picture that the file does not list"),
        (coco(outlined(0, 8, [])), "of a category without a name"),
        (coco(outlined(0, 7, [[1, 2, 3, 4]])), "fewer than three points"),
        (coco(outlined(0, 7, {"size": [3, 3], "counts": [9]})), "for another size"),
        (coco(outlined(0, 7, {"size": list(SIZE), "counts": [9]})), "do not add up"),
        (coco(height=25), "made for 32×25 pixels"),
    ],
)
def test_bad_coco_file_is_one_sentence_that_names_it(tmp_path: Path, text: str, message: str) -> None:
    path = write_text(tmp_path / "annotations.json", text)
    for number, name in enumerate("abc"):
        write_picture(tmp_path / "images" / f"{name}.jpg", number)
    with pytest.raises(DatasetError, match=message) as caught:
        open_dataset(str(tmp_path))
    assert str(path) in caught.value.message


@pytest.mark.parametrize("fmt", ["coco", "yolo", "masks", "imagefolder"])
def test_own_exports_are_read_back(tmp_path: Path, fmt: Format) -> None:
    out = writer(fmt, tmp_path, Roles(("ok", 'deep: "pit"', "rust"), ("ok",)), "set")
    masks = {"p1": box_mask(3, 5, 20, 12) | box_mask(24, 1, 30, 9), "p2": None, "p3": box_mask(0, 0, 5, 5)}
    for number, (name, mask) in enumerate(masks.items()):
        pixels = np.random.default_rng(number).integers(0, 256, SIZE, dtype=np.uint8)
        png = cv2.imencode(".png", pixels)[1].tobytes()
        label = "ok" if mask is None else 'deep: "pit"'
        out.add(Sample(name, label, mask is None, png, SIZE, mask, cast(Any, None), cast(Any, None)))
    out.finish()
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == fmt and dataset.ok_classes == ("ok",)
    by_name = {Path(s.key).stem: s for s in dataset.samples}
    defect = "defect" if fmt == "masks" else 'deep: "pit"'
    assert {n: s.label for n, s in by_name.items()} == {"p1": defect, "p2": "ok", "p3": defect}
    for name, sample in by_name.items():
        assert sample.has_mask == (fmt in ("coco", "masks") or (fmt == "yolo" and name == "p2"))
        if sample.has_mask:
            painted = masks[name]
            _, mask = sample.load()
            assert mask is not None and np.array_equal(mask, np.zeros(SIZE, np.uint8) if painted is None else painted)


def write_tiles(folder: Path) -> None:
    shots = {
        "Free": ["exp1_num_1000", "exp2_num_1020"],
        "Crack": ["exp6_num_1300", "exp1_num_5000", "exp2_num_5390", "exp4_num_7000", "exp4_num_7900"],
        "Uneven": ["exp1_num_20000", "exp1_num_20300"],
    }
    for kind, names in shots.items():
        for number, name in enumerate(names):
            write_picture(folder / f"MT_{kind}" / "Imgs" / f"{name}.jpg", int(name.split("_")[-1]))
            filled = kind != "Free" and not (kind == "Uneven" and number == 0)
            mask = box_mask(2, 2, 9, 9) if filled else np.zeros(SIZE, np.uint8)
            write_mask(folder / f"MT_{kind}" / "Imgs" / f"{name}.png", mask)


def test_magnetic_tiles_group_the_shots_of_one_tile(tmp_path: Path) -> None:
    write_tiles(tmp_path)
    dataset = open_dataset(str(tmp_path))
    assert (dataset.format, dataset.ok_classes) == ("magnetic-tile", ("Free",))
    assert dataset.counts() == {"Free": 2, "Crack": 5, "Uneven": 2}
    assert sorted(Counter(s.group for s in dataset.samples).values()) == [1, 2, 2, 2, 2]
    undrawn = [s.key for s in dataset.samples if not s.has_mask]
    assert undrawn == ["MT_Uneven/Imgs/exp1_num_20000.jpg"]
    groups = {Path(s.key).stem: s.group for s in dataset.samples}
    assert groups["exp1_num_5000"] == groups["exp2_num_5390"]
    assert groups["exp4_num_7000"] == groups["exp4_num_7900"]
    assert groups["exp2_num_1020"] != groups["exp6_num_1300"]


def test_mask_of_another_size_or_damaged_is_named(tmp_path: Path) -> None:
    write_tiles(tmp_path)
    path = tmp_path / "MT_Crack" / "Imgs" / "exp1_num_5000.png"
    for data, message in (
        (cv2.imencode(".png", box_mask(0, 0, 4, 4, (10, 12)))[1].tobytes(), "is made for 12×10 pixels, but"),
        (b"no picture", "cannot be decoded"),
    ):
        path.write_bytes(data)
        dataset = open_dataset(str(tmp_path))
        # The folder says what it is; where it is defective, nobody knows.
        assert [s.label for s in dataset.samples if s.path == path.with_suffix(".jpg") and not s.has_mask] == ["Crack"]
        assert [one.where for one in dataset.unused] == [str(path)] and message in dataset.unused[0].reason


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_kolektor_mask_of_another_size_is_refused(tmp_path: Path, suffix: str) -> None:
    write_picture(tmp_path / "kos01" / "Part0.jpg", 1)
    write_mask(tmp_path / "kos01" / f"Part0_label{suffix}", np.zeros((10, 12), np.uint8))
    with pytest.raises(DatasetError, match="made for 12×10 pixels"):
        open_dataset(str(tmp_path))


def test_set_of_one_class_is_refused_and_empty_classes_are_named(tmp_path: Path) -> None:
    write_picture(tmp_path / "one" / "images" / "a.jpg", 1)
    write_text(tmp_path / "one" / "classes.txt", "pit\n")
    write_text(tmp_path / "one" / "labels" / "a.txt", "0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(DatasetError, match="shows the class 'pit' only"):
        open_dataset(str(tmp_path / "one"))
    for number, name in enumerate(("ok", "pit")):
        write_picture(tmp_path / "two" / name / "a.jpg", number)
    (tmp_path / "two" / "rust").mkdir()
    assert open_dataset(str(tmp_path / "two")).notes == ("No picture shows rust.",)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "layout", "sound", "defective", "groups"),
    [
        ("bsdata", "labelme", 60, 60, 15),
        ("magnetic_tile", "magnetic-tile", 190, 267, 170),
        ("xsdd", "imagefolder", 0, 1085, 1078),
        ("kolektorsdd", "kolektor", 223, 32, 31),
    ],
)
def test_real_sets_open_by_themselves(
    real_data: Path, name: str, layout: str, sound: int, defective: int, groups: int
) -> None:
    dataset = open_dataset(str(real_data / name))
    kinds = Counter(s.label in dataset.ok_classes for s in dataset.samples)
    assert (dataset.format, kinds[True], kinds[False]) == (layout, sound, defective)
    assert len({s.group for s in dataset.samples}) == groups and dataset.missing == 0
