"""What tools write today, each in its own layout down to the files that say nothing, and opened without `--format`."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.labelled import SIZE, box_mask, write_mask, write_picture, write_text
from trainer.formats.detect import open_dataset
from trainer.formats.samples.dataset import Dataset

HEIGHT, WIDTH = SIZE
SQUARE = [[4.0, 5.0], [9.0, 5.0], [9.0, 8.0], [4.0, 8.0]]
DRAWN = box_mask(4, 5, 10, 9)


def pictures(folder: Path, *names: str) -> None:
    """Pictures of their own, none a copy of another."""
    for number, name in enumerate(names):
        write_picture(folder / name, number)


def write_json(path: Path, values: Any) -> None:
    write_text(path, json.dumps(values, indent=2))


def told(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Label and part of each picture."""
    assert dataset.unused == ()
    return {s.key: (s.label, s.part) for s in dataset.samples}


def set_pixels(dataset: Dataset) -> dict[str, int | None]:
    """How many pixels the mask of each picture sets; None where none is drawn."""
    masks = {s.key: s.load()[1] for s in dataset.samples}
    return {key: None if mask is None else int((mask > 0).sum()) for key, mask in masks.items()}


# ── labelme and X-AnyLabeling ────────────────────────────────────────────────────────────────────────────────────────
def labelme(label: str, kind: str, points: list[list[float]], mask: str | None = None) -> dict[str, Any]:
    return {
        "label": label,
        "points": points,
        "group_id": None,
        "description": "",
        "shape_type": kind,
        "flags": {},
        "mask": mask,
    }


def labelme_file(name: str, *shapes: dict[str, Any], **flags: bool) -> dict[str, Any]:
    return {
        "version": "7.0.0",
        "flags": flags,
        "shapes": list(shapes),
        "imagePath": name,
        "imageData": base64.b64encode(b"\xff\xd8\xff").decode(),
        "imageHeight": HEIGHT,
        "imageWidth": WIDTH,
    }


def test_labelme_7(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    stamp = base64.b64encode(cv2.imencode(".png", np.full((3, 5), 255, np.uint8))[1].tobytes()).decode()
    write_json(tmp_path / "a.json", labelme_file("a.jpg", labelme("scratch", "polygon", SQUARE)))
    write_json(tmp_path / "b.json", labelme_file("b.jpg", labelme("pit", "mask", [[10, 10], [14, 12]], stamp)))
    turned = [[10.0, 10.0], [14.0, 10.0], [14.0, 12.0], [10.0, 12.0]]
    write_json(
        tmp_path / "c.json",
        labelme_file(
            "c.jpg", labelme("pit", "oriented_rectangle", turned), labelme("scratch", "linestrip", [[1, 1], [1, 6]])
        ),
    )
    write_json(tmp_path / "d.json", labelme_file("d.jpg", scratch=False, good=True))
    write_json(tmp_path / "e.json", labelme_file("e.jpg", labelme("pit", "circle", [[16, 12], [16, 15]])))
    dataset = open_dataset(str(tmp_path))
    assert {key: label for key, (label, _) in told(dataset).items()} == {
        "a.jpg": "scratch",
        "b.jpg": "pit",
        "c.jpg": "pit",
        "d.jpg": "good",
        "e.jpg": "pit",
    }
    drawn = dataset.samples[0].load()[1]
    assert dataset.format == "labelme" and drawn is not None and np.array_equal(drawn, DRAWN)
    assert list(set_pixels(dataset).values())[:4] == [24, 15, 21, 0]


def test_x_anylabeling_4(tmp_path: Path) -> None:
    def shape(label: str, kind: str, points: list[list[float]], **more: Any) -> dict[str, Any]:
        return {
            "kie_linking": [],
            "label": label,
            "score": None,
            "points": points,
            "group_id": None,
            "description": "",
            "difficult": False,
            "shape_type": kind,
            "flags": None,
            "attributes": {},
            **more,
        }

    def file(name: str, *shapes: dict[str, Any]) -> dict[str, Any]:
        return {
            "version": "4.0.0",
            "flags": {},
            "checked": True,
            "shapes": list(shapes),
            "imagePath": name,
            "imageData": None,
            "imageHeight": HEIGHT,
            "imageWidth": WIDTH,
            "description": "",
        }

    pictures(tmp_path, "images/a.png", "images/b.png", "images/c.png")
    write_json(tmp_path / "labels" / "a.json", file("..\\images\\a.png", shape("pit", "rectangle", SQUARE)))
    turned = shape("scratch", "rotation", SQUARE, direction=0.5)
    write_json(
        tmp_path / "labels" / "b.json", file("..\\images\\b.png", turned, shape("pit", "line", [[1, 1], [1, 6]]))
    )
    write_json(tmp_path / "labels" / "c.json", file("..\\images\\c.png"))
    dataset = open_dataset(str(tmp_path))
    assert [label for label, _ in told(dataset).values()] == ["pit", "scratch", "ok"]
    assert list(set_pixels(dataset).values()) == [24, 30, 0] and not any(s.assumed for s in dataset.samples)


# ── COCO ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def coco(images: list[str], annotations: list[dict[str, Any]], categories: list[str], first: int = 1) -> dict[str, Any]:
    return {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {"contributor": "", "date_created": "", "description": "", "url": "", "version": "", "year": ""},
        "categories": [
            {"id": number, "name": name, "supercategory": ""} for number, name in enumerate(categories, start=first)
        ],
        "images": [
            {"id": number, "width": WIDTH, "height": HEIGHT, "file_name": name, "license": 0, "date_captured": 0}
            for number, name in enumerate(images, start=first)
        ],
        "annotations": annotations,
    }


def note(number: int, image: int, category: int, outline: Any, box: list[float], **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "segmentation": outline,
        "area": box[2] * box[3],
        "bbox": box,
        "iscrowd": 0,
        **more,
    }


FLAT, BOX = [[v for point in SQUARE for v in point]], [4.0, 5.0, 5.0, 3.0]


def test_coco_of_cvat(tmp_path: Path) -> None:
    pictures(tmp_path, *(f"images/default/{name}.png" for name in "abcd"))
    runs = {"counts": [0, 2, HEIGHT * WIDTH - 2], "size": [HEIGHT, WIDTH]}
    occluded = {"attributes": {"occluded": False, "rotation": 0.0}}
    notes = [
        note(1, 1, 1, FLAT, BOX, **occluded),
        note(2, 2, 2, runs, [0, 0, 1, 2], **occluded),
        note(3, 3, 2, [], BOX, **occluded),
    ]
    values = coco(["a.png", "b.png", "c.png", "d.png"], notes, ["scratch", "pit"])
    write_json(tmp_path / "annotations" / "instances_default.json", values)
    dataset = open_dataset(str(tmp_path))
    assert [label for label, _ in told(dataset).values()] == ["scratch", "pit", "pit", "ok"]
    assert list(set_pixels(dataset).values()) == [24, 2, None, 0]
    assert [s.assumed for s in dataset.samples] == [False, False, False, True]


def test_coco_of_label_studio(tmp_path: Path) -> None:
    pictures(tmp_path, "images/1a2b3c4d-a.png", "images/2a2b3c4d-b.png")
    names = ["images\\1a2b3c4d-a.png", "../../label-studio/data/media/upload/1/2a2b3c4d-b.png"]
    values = coco(names, [note(0, 0, 0, FLAT, BOX, ignore=0)], ["scratch", "pit"], first=0)
    write_json(tmp_path / "result.json", {**values, "info": {"year": 2026, "contributor": "Label Studio"}})
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "coco" and [label for label, _ in told(dataset).values()] == ["scratch", "ok"]
    assert list(set_pixels(dataset).values()) == [24, 0]


def test_coco_of_roboflow_keeps_what_was_made_of_one_picture_together(tmp_path: Path) -> None:
    one, other = (
        "part_1_jpg.rf.0123456789abcdef0123456789abcdef.jpg",
        "part_1_jpg.rf.fedcba9876543210fedcba9876543210.jpg",
    )
    third, test = (
        "part_2_jpg.rf.00112233445566778899aabbccddeeff.jpg",
        "part_3_jpg.rf.ffeeddccbbaa99887766554433221100.jpg",
    )
    pictures(tmp_path, f"train/{one}", f"train/{other}", f"valid/{third}", f"test/{test}")
    kinds = ["defects", "pit"]
    write_json(tmp_path / "train" / "_annotations.coco.json", coco([one, other], [note(0, 0, 1, FLAT, BOX)], kinds, 0))
    write_json(tmp_path / "valid" / "_annotations.coco.json", coco([third], [note(0, 0, 1, [], BOX)], kinds, 0))
    write_json(tmp_path / "test" / "_annotations.coco.json", coco([test], [], kinds, 0))
    write_text(tmp_path / "README.roboflow.txt", "parts - v1\n")
    dataset = open_dataset(str(tmp_path))
    assert told(dataset) == {
        f"test/{test}": ("ok", "test"),
        f"train/{one}": ("pit", "train"),
        f"train/{other}": ("ok", "train"),
        f"valid/{third}": ("pit", "validation"),
    }
    assert [s.group for s in dataset.samples] == [f"test/{test}", f"train/{one}", f"train/{one}", f"valid/{third}"]


# ── YOLO ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
LINE = "1 0.203125 0.270833 0.15625 0.125\n"
OUTLINE = "0 0.125 0.25 0.3125 0.25 0.3125 0.375 0.125 0.375\n"


def test_yolo_of_roboflow(tmp_path: Path) -> None:
    names = [f"{part}/images/p{n}_jpg.rf.{n:032x}.jpg" for n, part in enumerate(("train", "train", "valid", "test"))]
    pictures(tmp_path, *names)
    for name, text in zip(names, (LINE, "", OUTLINE, LINE), strict=True):
        write_text(tmp_path / name.replace("images", "labels").replace(".jpg", ".txt"), text)
    paths = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 2\nnames: ['scratch', 'pit']\n\n"
    write_text(tmp_path / "data.yaml", f"{paths}roboflow:\n  workspace: w\n  project: p\n  version: 1\n")
    write_text(tmp_path / "README.dataset.txt", "# parts\n")
    write_text(tmp_path / "README.roboflow.txt", "parts - v1\n")
    dataset = open_dataset(str(tmp_path))
    assert list(told(dataset).values()) == [
        ("pit", "test"),
        ("pit", "train"),
        ("ok", "train"),
        ("scratch", "validation"),
    ]
    assert [s.has_mask for s in dataset.samples] == [False, False, True, True]


def test_yolo_of_label_studio(tmp_path: Path) -> None:
    pictures(tmp_path, "images/1a2b3c4d-a.png", "images/2a2b3c4d-b.png")
    write_text(tmp_path / "labels" / "1a2b3c4d-a.txt", LINE)
    write_text(tmp_path / "labels" / "2a2b3c4d-b.txt", "")
    write_text(tmp_path / "classes.txt", "scratch\npit\n")
    write_json(tmp_path / "notes.json", {"categories": [{"id": 0, "name": "scratch"}], "info": {"year": 2026}})
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "yolo" and [label for label, _ in told(dataset).values()] == ["pit", "ok"]


def test_ultralytics_detect_and_segment(tmp_path: Path) -> None:
    for task, text, masked in (("detect", LINE, False), ("segment", OUTLINE, True)):
        folder = tmp_path / task
        pictures(folder, "images/train/a.jpg", "images/train/b.jpg", "images/val/c.jpg")
        write_text(folder / "labels" / "train" / "a.txt", text)
        write_text(folder / "labels" / "val" / "c.txt", text)
        write_text(folder / "labels" / "train.cache", "")
        places = "path: ../datasets/parts\ntrain: images/train\nval: images/val\ntest:\n"
        write_text(folder / "data.yaml", f"{places}names:\n  0: scratch\n  1: pit\n")
        dataset = open_dataset(str(folder))
        label = "scratch" if masked else "pit"
        assert told(dataset) == {
            "images/train/a.jpg": (label, "train"),
            "images/train/b.jpg": ("ok", "train"),
            "images/val/c.jpg": (label, "validation"),
        }
        assert [s.has_mask for s in dataset.samples] == [masked, True, masked]
        assert [s.assumed for s in dataset.samples] == [False, True, False]


# ── Pascal VOC ───────────────────────────────────────────────────────────────────────────────────────────────────────
def voc(name: str, *labels: str, folder: str = "images") -> str:
    box = "<bndbox><xmin>4</xmin><ymin>5</ymin><xmax>9</xmax><ymax>8</ymax></bndbox>"
    objects = "".join(
        f"<object><name>{label}</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>{box}"
        "</object>"
        for label in labels
    )
    size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>1</depth></size>"
    head = f"<folder>{folder}</folder><filename>{name}</filename><source><database>MyDatabase</database></source>"
    body = f"{head}{size}<segmented>0</segmented>{objects}"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<annotation>{body}</annotation>'


def test_voc_of_label_studio(tmp_path: Path) -> None:
    pictures(tmp_path, "images/1a2b3c4d-a.v2.png", "images/2a2b3c4d-b.png")
    write_text(tmp_path / "Annotations" / "1a2b3c4d-a.v2.xml", voc("1a2b3c4d-a.v2", "pit"))
    write_text(tmp_path / "Annotations" / "2a2b3c4d-b.xml", voc("2a2b3c4d-b"))
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "voc" and [label for label, _ in told(dataset).values()] == ["pit", "ok"]


def test_neu_det(tmp_path: Path) -> None:
    for part, numbers in (("train", (1, 2)), ("validation", (241,))):
        for kind in ("crazing", "rolled-in_scale"):
            for number in numbers:
                name = f"{kind}_{number}"
                write_picture(tmp_path / part / "images" / kind / f"{name}.jpg", number + len(kind))
                write_text(tmp_path / part / "annotations" / f"{name}.xml", voc(f"{name}.jpg", kind, kind, folder="cr"))
    dataset = open_dataset(str(tmp_path))
    assert told(dataset) == {
        f"{part}/images/{kind}/{kind}_{number}.jpg": (kind, part)
        for part, number in (("train", 1), ("train", 2), ("validation", 241))
        for kind in ("crazing", "rolled-in_scale")
    }
    assert dataset.ok_classes == () and not any(s.has_mask for s in dataset.samples)


def test_gc10_det(tmp_path: Path) -> None:
    pictures(tmp_path, "1/img_02_425382900_00002.jpg", "9/img_03_425391000_00020.jpg", "1/img_04_425391800_00003.jpg")
    write_text(tmp_path / "lable" / "img_02_425382900_00002.xml", voc("img_02_425382900_00002.jpg", "1_chongkong"))
    write_text(tmp_path / "lable" / "img_03_425391000_00020.xml", voc("img_03_425391000_00020.jpg", "10_yaozhed"))
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "gc10" and [label for label, _ in told(dataset).values()] == ["punching", "waist_folding"]


# ── folders and masks ────────────────────────────────────────────────────────────────────────────────────────────────
def test_folders_of_roboflow_and_ultralytics_classify(tmp_path: Path) -> None:
    names = [f"{part}/{kind}/{n}_jpg.rf.{n:032x}.jpg" for n, (part, kind) in enumerate(PLACES)]
    pictures(tmp_path, *names)
    write_text(tmp_path / "README.dataset.txt", "# parts\n")
    dataset = open_dataset(str(tmp_path))
    parts = {"train": "train", "valid": "validation", "val": "validation", "test": "test"}
    assert told(dataset) == {name: (kind, parts[part]) for name, (part, kind) in zip(names, PLACES, strict=True)}
    assert dataset.format == "imagefolder" and dataset.ok_classes == ("OK",)


PLACES = (("train", "OK"), ("train", "NG"), ("valid", "OK"), ("val", "NG"), ("test", "OK"))


def test_kolektor_sdd_and_sdd2(tmp_path: Path) -> None:
    for number, name in enumerate(("kos01/Part0", "kos01/Part1", "kos02/Part0")):
        write_picture(tmp_path / "1" / f"{name}.jpg", number)
        write_mask(tmp_path / "1" / f"{name}_label.bmp", DRAWN if number == 1 else np.zeros(SIZE, np.uint8))
    first = open_dataset(str(tmp_path / "1"))
    assert [label for label, _ in told(first).values()] == ["ok", "defect", "ok"]
    assert [s.group for s in first.samples] == ["kos01", "kos01", "kos02"]
    for number, name in enumerate(("train/10000", "train/10001", "test/20000")):
        write_picture(tmp_path / "2" / f"{name}.png", number)
        write_mask(tmp_path / "2" / f"{name}_GT.png", DRAWN if number == 1 else np.zeros(SIZE, np.uint8))
    second = open_dataset(str(tmp_path / "2"))
    assert told(second) == {
        "test/20000.png": ("ok", "test"),
        "train/10000.png": ("ok", "train"),
        "train/10001.png": ("defect", "train"),
    }
    assert list(set_pixels(second).values()) == [0, 0, 24] and first.format == second.format == "kolektor"


def test_severstal(tmp_path: Path) -> None:
    pictures(tmp_path, "train_images/0002cc93b.jpg", "train_images/0007a71bf.jpg", "train_images/000a4bcdd.jpg")
    pictures(tmp_path, "test_images/0000f269f.jpg")
    write_text(tmp_path / "train.csv", "ImageId,ClassId,EncodedPixels\n0002cc93b.jpg,1,1 3 25 2\n0007a71bf.jpg,3,7 1\n")
    write_text(tmp_path / "sample_submission.csv", "ImageId,EncodedPixels,ClassId\n0000f269f.jpg,1 409600,0\n")
    dataset = open_dataset(str(tmp_path))
    assert {key[-9:-4]: label for key, (label, _) in told(dataset).items()} == {
        "cc93b": "crack",
        "a71bf": "dent",
        "4bcdd": "ok",
    }
    assert set(set_pixels(dataset).values()) == {0, 1, 5}
