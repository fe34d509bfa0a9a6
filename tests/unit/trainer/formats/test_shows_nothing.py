"""What is drawn and encloses nothing of its picture is named: no part is sound for it, nor a defect without a pixel."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.labelled import SIZE, write_picture, write_text
from trainer.formats.detect import look_at_dataset
from trainer.formats.labels.labelme_shapes import Drawn, Stamp, check_shown, draw_all
from trainer.formats.samples.shapes import Shape
from trainer.formats.samples.unused import Leftovers

HEIGHT, WIDTH = SIZE
Points = list[list[float]]
WHOLE: Points = [[4, 4], [10, 4], [10, 9], [4, 9]]
BAD = {
    "beside": [[40, 4], [50, 4], [50, 9]],
    "above": [[4, -40], [10, -40], [10, -30]],
    "past the corner": [[28, 30], [40, 30], [40, 18]],
    "one place": [[5, 5], [5, 5], [5, 5]],
    "one line": [[4, 4], [8, 8], [6, 6]],
}


def labelme(folder: Path, *drawn: Points) -> None:
    for name, shapes in (("a", drawn), ("b", (WHOLE, *drawn)), ("c", (WHOLE,)), ("d", ())):
        listed = [{"label": "pit", "points": points} for points in shapes]
        write_text(folder / "images" / f"{name}.json", json.dumps({"imagePath": f"{name}.png", "shapes": listed}))


def coco(folder: Path, *drawn: Points, size: bool = True) -> None:
    sides = {"height": HEIGHT, "width": WIDTH} if size else {}
    images = [{"id": n, "file_name": f"{name}.png", **sides} for n, name in enumerate("abcd")]
    placed = [(0, drawn), (1, (WHOLE, *drawn)), (2, (WHOLE,))]
    listed = [
        {"image_id": n, "category_id": 1, "segmentation": [[v for point in points for v in point]]}
        for n, shapes in placed
        for points in shapes
    ]
    values = {"images": images, "annotations": listed, "categories": [{"id": 1, "name": "pit"}]}
    write_text(folder / "set.json", json.dumps(values))


def coco_without_sizes(folder: Path, *drawn: Points) -> None:
    coco(folder, *drawn, size=False)


def cvat(folder: Path, *drawn: Points) -> None:
    def polygons(shapes: tuple[Points, ...]) -> str:
        texts = [";".join(f"{x},{y}" for x, y in points) for points in shapes]
        return "".join(f'<polygon label="pit" points="{text}"></polygon>' for text in texts)

    placed = {"a": drawn, "b": (WHOLE, *drawn), "c": (WHOLE,), "d": ()}
    images = [
        f'<image name="{name}.png" width="{WIDTH}" height="{HEIGHT}">{polygons(shapes)}</image>'
        for name, shapes in placed.items()
    ]
    write_text(folder / "annotations.xml", f"<annotations>{''.join(images)}</annotations>")


def label_studio(folder: Path, *drawn: Points) -> None:
    def result(points: Points) -> dict[str, Any]:
        shares = [[(x + 0.5) * 100 / WIDTH, (y + 0.5) * 100 / HEIGHT] for x, y in points]
        value = {"points": shares, "polygonlabels": ["pit"]}
        return {"type": "polygonlabels", "value": value, "original_width": WIDTH, "original_height": HEIGHT}

    placed = {"a": drawn, "b": (WHOLE, *drawn), "c": (WHOLE,), "d": ()}
    tasks = [
        {"data": {"image": f"{name}.png"}, "annotations": [{"result": [result(points) for points in shapes]}]}
        for name, shapes in placed.items()
    ]
    write_text(folder / "set.json", json.dumps(tasks))


@pytest.mark.parametrize("points", BAD.values(), ids=list(BAD))
@pytest.mark.parametrize("write", [labelme, coco, coco_without_sizes, cvat, label_studio])
def test_outline_of_nothing_makes_its_picture_neither_sound_nor_a_defect_without_a_pixel(
    tmp_path: Path, write: Callable[..., None], points: Points
) -> None:
    for number, name in enumerate("abcd"):
        write_picture(tmp_path / "images" / f"{name}.png", number)
    write(tmp_path, points)
    dataset = look_at_dataset(str(tmp_path))
    # a shows nothing that is known; of b it is not known where all of its defects end.
    assert [(s.key[-5], s.label, s.has_mask) for s in dataset.samples] == [
        ("b", "pit", False),
        ("c", "pit", True),
        ("d", "ok", True),
    ]
    assert len(dataset.unused) == 2
    assert all(
        "encloses nothing" in u.reason or "lies outside of the picture of 32×24" in u.reason for u in dataset.unused
    )


def test_yolo_polygon_without_width(tmp_path: Path) -> None:
    write_text(tmp_path / "data.yaml", "names: [pit]\n")
    for number, text in enumerate(("0 0.2 0.2 0.4 0.4 0.3 0.3", "0 0.2 0.2 0.4 0.4 0.3 0.2", "")):
        write_picture(tmp_path / "images" / f"{number}.png", number)
        write_text(tmp_path / "labels" / f"{number}.txt", text)
    dataset = look_at_dataset(str(tmp_path))
    assert [(s.key, s.label) for s in dataset.samples] == [("images/1.png", "pit"), ("images/2.png", "ok")]
    assert [one.reason for one in dataset.unused] == ["encloses nothing."]


def test_masks_of_which_nothing_is_set_and_masks_beside_the_picture(tmp_path: Path) -> None:
    empty, full = np.zeros((3, 4), np.uint8), np.full((3, 4), 255, np.uint8)
    for number, (pixels, x) in enumerate(((empty, 2), (full, 40), (full, 30))):
        coded = base64.b64encode(cv2.imencode(".png", pixels)[1].tobytes()).decode()
        shape = {"label": "pit", "shape_type": "mask", "points": [[x, 2], [x + 3, 4]], "mask": coded}
        write_picture(tmp_path / f"{number}.png", number)
        write_text(tmp_path / f"{number}.json", json.dumps({"imagePath": f"{number}.png", "shapes": [shape]}))
    write_picture(tmp_path / "3.png", 3)
    write_text(tmp_path / "3.json", json.dumps({"imagePath": "3.png", "shapes": []}))
    dataset = look_at_dataset(str(tmp_path))
    assert [(s.key, s.label) for s in dataset.samples] == [("2.png", "pit"), ("3.png", "ok")]
    assert [one.reason for one in dataset.unused] == [
        "encloses nothing.",
        "lies outside of the picture of 32×24 pixels.",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"segmentation": {"size": list(SIZE), "counts": [HEIGHT * WIDTH]}},
        {"segmentation": {"size": list(SIZE), "counts": [5, 0, HEIGHT * WIDTH - 5]}},
        {"bbox": [50, 2, 4, 4]},
        {"bbox": [2, -9, 4, 4]},
    ],
)
def test_coco_runs_of_nothing_and_boxes_beside_the_picture(tmp_path: Path, more: dict[str, Any]) -> None:
    for number, name in enumerate("abcd"):
        write_picture(tmp_path / f"{name}.png", number)
    coco(tmp_path)
    values = json.loads((tmp_path / "set.json").read_text(encoding="utf-8"))
    values["annotations"].append({"image_id": 0, "category_id": 1, **more})
    write_text(tmp_path / "set.json", json.dumps(values))
    dataset = look_at_dataset(str(tmp_path))
    assert [s.key for s in dataset.samples] == ["b.png", "c.png", "d.png"] and len(dataset.unused) == 1


def test_sliver_beside_an_outline_of_one_coco_annotation_is_usual(tmp_path: Path) -> None:
    for number, name in enumerate("abcd"):
        write_picture(tmp_path / f"{name}.png", number)
    coco(tmp_path)
    values = json.loads((tmp_path / "set.json").read_text(encoding="utf-8"))
    values["annotations"][0]["segmentation"].insert(0, [40, 4, 50, 4, 50, 9])
    write_text(tmp_path / "set.json", json.dumps(values))
    dataset = look_at_dataset(str(tmp_path))
    assert (dataset.samples[1].has_mask, dataset.unused) == (True, ())


def polygon(*points: tuple[float, float]) -> Shape:
    return Shape("polygon", np.array(points, np.float64))


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (polygon((2, 2), (8, 8), (8, 2), (2, 8)), ""),
        (polygon((-9, -9), (60, -9), (60, 60), (-9, 60)), ""),
        (polygon((-9, 3), (60, 3), (60, 5)), ""),
        (polygon((31.4, 2), (39, 2), (39, 9)), ""),
        (polygon((31.6, 2), (39, 2), (39, 9)), "outside"),
        (polygon((-20, 10), (10, -20), (-20, -20)), "outside"),
        (polygon((3, 3), (3, 9), (3, 5)), "encloses nothing"),
        (Shape("line", np.array([[-9.0, 3], [60, 3]])), ""),
        (Shape("line", np.array([[3.0, 3], [3, 3]])), "encloses nothing"),
        (Shape("line", np.array([[-9.0, 3], [-2, 3]])), "outside"),
        (Shape("circle", np.array([[-5.0, 5], [1, 5]])), ""),
        (Shape("circle", np.array([[-5.0, 5], [-2, 5]])), "outside"),
        (Shape("circle", np.array([[5.0, 5], [5, 5]])), "encloses nothing"),
        (Stamp(np.eye(3, dtype=np.uint8) * 255, -2, -2), ""),
        (Stamp(np.eye(3, dtype=np.uint8)[::-1] * 255, -2, -2), "outside"),
    ],
)
def test_what_shows_is_what_would_be_drawn(drawn: Drawn, reason: str) -> None:
    left = Leftovers()
    left.unless_read("It", lambda: check_shown(drawn, SIZE, "It"))
    assert (reason in left.found[0].reason) if reason else not left.found
    if reason != "encloses nothing":
        assert draw_all([drawn], *SIZE).any() == (not reason)


def test_of_a_box_only_the_place_counts_and_without_a_size_only_the_outline() -> None:
    assert check_shown(polygon((3, 3), (3, 3), (3, 3)), SIZE, "It", boxed=True)
    assert check_shown(polygon((40, 3), (50, 3), (50, 9)), None, "It")
